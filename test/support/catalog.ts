import type { Sql } from "../../src/db/client.ts";

/** Name of an object's or list's table, by slug (a list's behind `list:`). */
export async function tableOf(sql: Sql, slug: string): Promise<string> {
  const list = slug.startsWith("list:") ? slug.slice(5) : undefined;
  const [row] =
    list === undefined
      ? await sql<{ name: string }[]>`SELECT table_name AS name FROM attio.objects WHERE api_slug = ${slug}`
      : await sql<{ name: string }[]>`SELECT table_name AS name FROM attio.lists WHERE api_slug = ${list}`;
  if (row === undefined) throw new Error(`no table for ${slug}`);
  return row.name;
}

/** Columns of a table that come from attributes, in order of creation, with their types. */
export async function columnsOf(sql: Sql, table: string): Promise<Record<string, string>> {
  const rows = await sql<{ name: string; type: string }[]>`
    SELECT a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
    WHERE c.relnamespace = 'attio'::regnamespace AND c.relname = ${table} AND a.attnum > 0 AND NOT a.attisdropped
      AND a.attname NOT IN ('record_id', 'entry_id', 'created_at', 'web_url', 'parent_record_id', 'parent_object',
        'created_by', 'created_by_type', 'parent_record_object', '_hash', '_fetch_seq', '_synced_at', '_deleted_at')
    ORDER BY a.attnum`;
  return Object.fromEntries(rows.map(({ name, type }) => [name, type]));
}

/** Every row of the system catalogs that describes schema `attio`, with who wrote it: equal means that no DDL ran. */
export async function catalogSnapshot(sql: Sql): Promise<string[]> {
  const rows = await sql<{ line: string }[]>`
    SELECT format('class %s %s %s', c.oid, c.relname, c.xmin) AS line
    FROM pg_class c WHERE c.relnamespace = 'attio'::regnamespace
    UNION ALL SELECT format('column %s %s %s', a.attrelid, a.attname, a.xmin)
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid WHERE c.relnamespace = 'attio'::regnamespace
    UNION ALL SELECT format('comment %s %s %s', d.objoid, d.objsubid, d.xmin)
    FROM pg_description d JOIN pg_class c ON c.oid = d.objoid WHERE c.relnamespace = 'attio'::regnamespace
    UNION ALL SELECT format('rule %s %s', r.oid, r.xmin)
    FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class WHERE c.relnamespace = 'attio'::regnamespace
    UNION ALL SELECT format('stream %s %s', s.stream, s.xmin) FROM attio_sync.streams s
    ORDER BY 1`;
  return rows.map(({ line }) => line);
}

/** A name in double quotes. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
