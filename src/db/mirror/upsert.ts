import { quoteIdentifier } from "./identifiers.ts";
import { mirrorTable } from "./sql-names.ts";

/** What identifies a statement: the table, its key and the data columns that this batch of rows has. */
export interface UpsertShape {
  table: string;
  key: string;
  columns: readonly string[];
}

/**
 * The one statement that writes a page: rows come as one JSON text ($1) and get their types from the table itself.
 * It names exactly the columns that the rows have, so that a column whose attribute was absent keeps its value.
 *
 * $1 is no text with a cast: the planner would parse it once more, as the plan is made anew for each page.
 *
 * Parameters: $1 JSON array of rows (keys: columns, the key, `_hash`), $2 the apply's ticket, $3 the ticket that was
 * drawn before the fetch. Returns the keys written; one missing was changed meanwhile by a newer fetch.
 */
export function upsertStatement({ table, key, columns }: UpsertShape): string {
  const data = columns.map(quoteIdentifier);
  const target = mirrorTable(table);
  const keyName = quoteIdentifier(key);
  const set = [...data, "_hash", "_fetch_seq"].map((column) => `${column} = excluded.${column}`);
  return `
    INSERT INTO ${target} AS kept (${[keyName, ...data, "_hash", "_fetch_seq", "_synced_at"].join(", ")})
    SELECT ${[keyName, ...data, "_hash"].join(", ")}, $2::bigint, now()
    FROM json_populate_recordset(NULL::${target}, $1::json)
    ON CONFLICT (${keyName}) DO UPDATE SET ${set.join(", ")}, _synced_at = now(), _deleted_at = NULL
    WHERE kept._fetch_seq < $3::bigint
    RETURNING ${keyName} AS id`;
}
