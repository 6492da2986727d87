import type { Sql, Tx } from "../../src/db/index.ts";
import { upsertStatement } from "../../src/db/mirror/upsert.ts";
import { BOOKKEEPING_COLUMNS } from "../../src/db/mirror/tables.ts";
import { KEPT } from "./tables.ts";

/** As many as Attio gives in a page. */
const PAGE_SIZE = 500;

/** A ticket that is newer than all that the rows have. */
const TICKET = 1_000_000_000_000;

/** Pages as the daemon writes them, each row changed in one column. */
export interface Pages {
  columns: readonly string[];
  texts: readonly string[];
}

/** Prepares the pages, so that only their writing is measured. */
export async function preparePages(sql: Sql): Promise<Pages> {
  const columns = await sql<{ name: string }[]>`
    SELECT attname AS name FROM pg_attribute
    WHERE attrelid = ${`attio.${KEPT}`}::regclass AND attnum > 0 AND NOT attisdropped`;
  const pages = await sql<{ text: string }[]>`
    SELECT json_agg(r)::text AS text FROM (
      SELECT to_jsonb(k) || jsonb_build_object('field_1', coalesce(field_1, 0) + 1) AS r,
        (row_number() OVER (ORDER BY record_id) - 1) / ${PAGE_SIZE}::int AS page
      FROM attio.${sql(KEPT)} k)
    GROUP BY page ORDER BY page`;
  const own: readonly string[] = ["record_id", ...BOOKKEEPING_COLUMNS];
  return {
    columns: columns.map(({ name }) => name).filter((name) => !own.includes(name)),
    texts: pages.map(({ text }) => text),
  };
}

/** Writes them by the daemon's own statement. */
export async function writePages(sql: Tx, table: string, { columns, texts }: Pages): Promise<void> {
  const statement = upsertStatement({ table, key: "record_id", columns });
  for (const text of texts) await sql.unsafe(statement, [text, TICKET + 1, TICKET], { prepare: true });
}
