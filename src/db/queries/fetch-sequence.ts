import type { Sql, Tx } from "../client.ts";
import { quoteIdentifier } from "../mirror/identifiers.ts";
import { mirrorTable } from "../mirror/sql-names.ts";

/** SQL of the last number that was given to a fetch or an apply. */
const LAST = "(SELECT last_value FROM attio_sync.fetch_seq)";

/** SQL of the largest number that is counted exactly. */
const MAX = String(Number.MAX_SAFE_INTEGER);

/**
 * SQL of the highest number that a row may hold without being absurd: further ahead than any restored dump can be, or too
 * large to be counted exactly. The sequence may be absurd itself, where an earlier version followed such a row.
 */
const LAST_PLAUSIBLE = `(CASE WHEN ${LAST} > ${MAX}::int8 - (2::int8 ^ 40)::int8 THEN ${MAX}::int8 - (2::int8 ^ 40)::int8
  ELSE ${LAST} + (2::int8 ^ 40)::int8 END)`;

/** A table whose rows hold numbers of the sequence. */
export interface SequencedTable {
  /** e.g. `people` */
  table: string;
  key: string;
  /** null for a table of a fixed stream. */
  stream: string | null;
}

/** Tables with a row whose number cannot have come from the sequence. */
export async function findAbsurdTables(sql: Sql): Promise<SequencedTable[]> {
  const tables = await sql<SequencedTable[]>`
    SELECT c.relname AS table, k.attname AS key, s.stream
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = '_fetch_seq' AND NOT a.attisdropped
    JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary
    JOIN pg_attribute k ON k.attrelid = c.oid AND k.attnum = i.indkey[0]
    LEFT JOIN attio.objects o ON o.table_name = c.relname
    LEFT JOIN attio.lists l ON l.table_name = c.relname
    LEFT JOIN attio_sync.streams s ON s.source_id = coalesce(o.object_id, l.list_id)
    WHERE c.relnamespace = to_regnamespace('attio') AND c.relkind = 'r'`;
  const absurd: SequencedTable[] = [];
  for (const table of tables) {
    const rows = await sql.unsafe(
      `SELECT FROM ${mirrorTable(table.table)} WHERE _fetch_seq > ${LAST_PLAUSIBLE} LIMIT 1`,
    );
    if (rows.length > 0) absurd.push(table);
  }
  return absurd;
}

/** Ids of rows whose number is above the sequence, in the order of their ids. */
export async function findAhead(
  tx: Tx,
  { table, key }: Pick<SequencedTable, "table" | "key">,
): Promise<string[]> {
  const name = quoteIdentifier(key);
  const rows = await tx.unsafe<{ id: string }[]>(
    `SELECT ${name} AS id FROM ${mirrorTable(table)} WHERE _fetch_seq > ${LAST} ORDER BY 1`,
  );
  return rows.map(({ id }) => id);
}

/**
 * Gives rows above the sequence its number of now, and takes their hashes, so that the next fetch writes them. The transaction
 * is the daemon's. A row that a user has locked is left.
 */
export async function resetAhead(
  tx: Tx,
  { table, key }: Pick<SequencedTable, "table" | "key">,
): Promise<string[]> {
  const [name, id] = [mirrorTable(table), quoteIdentifier(key)];
  const rows = await tx.unsafe<{ id: string }[]>(
    `UPDATE ${name} SET _fetch_seq = ${LAST}, _hash = NULL WHERE ${id} IN (
       SELECT ${id} FROM ${name} WHERE _fetch_seq > ${LAST} ORDER BY ${id} FOR UPDATE SKIP LOCKED)
     RETURNING ${id} AS id`,
  );
  return rows.map((row) => row.id);
}

/**
 * Raises the sequence above every number that is stored and not absurd: a database restored from a dump of its tables alone
 * would give old ones again, and every fetch would look stale (design rule 14).
 *
 * @returns whether it had to be raised
 */
export async function raiseTickets(sql: Sql): Promise<boolean> {
  const tables = await sql<{ name: string }[]>`
    SELECT format('%I.%I', n.nspname, c.relname) AS name
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = 'attio' AND c.relkind = 'r' AND a.attname = '_fetch_seq' AND NOT a.attisdropped`;
  const parts = [
    ...tables.map(
      ({ name }) => `SELECT max(_fetch_seq) AS ticket FROM ${name} WHERE _fetch_seq <= ${LAST_PLAUSIBLE}`,
    ),
    `SELECT max(fetch_seq) FROM attio_sync.tombstones WHERE fetch_seq <= ${LAST_PLAUSIBLE}`,
    `SELECT max(first_ticket) FROM attio_sync.runs WHERE first_ticket <= ${LAST_PLAUSIBLE}`,
  ];
  const [row] = await sql.unsafe<{ raised: boolean }[]>(`
    WITH stored AS (SELECT coalesce(max(ticket), 0) AS ticket FROM (${parts.join(" UNION ALL ")}) t)
    SELECT (s.last_value < stored.ticket OR s.last_value > ${MAX})
           AND setval('attio_sync.fetch_seq', greatest(stored.ticket, 1)) IS NOT NULL AS raised
    FROM attio_sync.fetch_seq s, stored`);
  return row?.raised ?? false;
}
