import type { Sql } from "../../src/db/index.ts";
import { past } from "./as-daemon.ts";

/** SQL that gives a value of this type which the column surely does not hold now. */
const OTHER: Readonly<Record<string, (column: string) => string>> = {
  boolean: (column) => `${column} IS DISTINCT FROM true`,
  date: (column) => `coalesce(${column}, '2001-02-03') + 1`,
  "double precision": (column) => `coalesce(${column}, 0) + 1`,
  jsonb: (column) => `jsonb_build_array(${column}, 'tampered')`,
  numeric: (column) => `coalesce(${column}, 0) + 0.0001`,
  smallint: (column) => `coalesce(${column}, 0) + 1`,
  bigint: (column) => `coalesce(${column}, 0) + 1`,
  text: (column) => `coalesce(${column}, '') || ' tampered'`,
  "timestamp with time zone": (column) => `coalesce(${column}, '2001-02-03') + interval '1 microsecond'`,
  uuid: () => "gen_random_uuid()",
  "date[]": (column) => `${column} || date '2001-02-03'`,
  "double precision[]": (column) => `${column} || 0.5::float8`,
  "text[]": (column) => `${column} || 'tampered'::text`,
  "timestamp with time zone[]": (column) => `${column} || timestamptz '2001-02-03'`,
  "uuid[]": (column) => `${column} || gen_random_uuid()`,
};

/** A column of the mirror and its type. */
export interface TypedColumn {
  name: string;
  type: string;
}

/** The data columns of a mirror table: neither its key nor bookkeeping. */
export async function dataColumns(sql: Sql, table: string): Promise<TypedColumn[]> {
  return sql<TypedColumn[]>`
    SELECT a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type
    FROM pg_attribute a
    WHERE a.attrelid = ${`attio.${table}`}::regclass AND a.attnum > 0 AND NOT a.attisdropped
      AND a.attname NOT LIKE '\\_%' AND NOT EXISTS (
        SELECT 1 FROM pg_index i WHERE i.indrelid = a.attrelid AND i.indisprimary AND a.attnum = ANY(i.indkey))
    ORDER BY a.attnum`;
}

/** Changes one value behind the mirror's back: hash, ticket and all else stay as they are. */
export async function tamper(
  sql: Sql,
  { table, key, id }: { table: string; key: string; id: string },
  { name, type }: TypedColumn,
): Promise<void> {
  const other = OTHER[type];
  if (other === undefined) throw new Error(`no other value is known for ${type}`);
  const column = `"${name}"`;
  const done = await past(sql).unsafe(
    `UPDATE attio.${table} SET ${column} = ${other(column)} WHERE ${key} = $1`,
    [id],
  );
  if (done.count !== 1) throw new Error(`${table} has no row ${id}`);
}
