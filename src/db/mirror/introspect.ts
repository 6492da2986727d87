import type { Sql, Tx } from "../client.ts";
import { CAPTURE_TRIGGER, ROW_TRIGGERS } from "./capture.ts";
import { COLUMNS_GUARD } from "./write-guard.ts";
import { MIRROR_SCHEMA } from "./sql-names.ts";

/** A table as PostgreSQL has it. */
export interface ExistingTable {
  name: string;
  comment: string | null;
  columns: Map<string, { type: string; comment: string | null }>;
  /** Columns that only the daemon may write. */
  guarded: Set<string>;
  /** The version of the triggers that refuse local writes; null where there are none, or those of before versions were noted. */
  guard: string | null;
  /** The version of the triggers that capture local writes; null while the table is closed. */
  capture: string | null;
  /** Whether none of these triggers was switched off, or fires at no more than an ordinary session. */
  firesAlways: boolean;
}

/** What stands in schema `attio`: tables with their columns, and every name that a new table may not take. */
export interface ExistingSchema {
  tables: Map<string, ExistingTable>;
  /** Tables, views, indexes, sequences: they share one space of names. */
  relations: Set<string>;
}

/** Reads the tables of schema `attio` as they are now. */
export async function introspect(sql: Sql | Tx): Promise<ExistingSchema> {
  const relationRows = sql<(Omit<ExistingTable, "columns" | "guarded"> & { kind: string })[]>`
    SELECT c.relname AS name, c.relkind AS kind, obj_description(c.oid, 'pg_class') AS comment,
           obj_description(t.oid, 'pg_trigger') AS capture, obj_description(g.oid, 'pg_trigger') AS guard,
           NOT EXISTS (SELECT FROM pg_trigger o WHERE o.tgrelid = c.oid AND o.tgname LIKE 'attio\\_mirror\\_%'
             AND o.tgname <> ALL(${ROW_TRIGGERS as string[]}) AND o.tgenabled <> 'A') AS "firesAlways"
    FROM pg_class c LEFT JOIN pg_trigger t ON t.tgrelid = c.oid AND t.tgname = ${CAPTURE_TRIGGER}
    LEFT JOIN pg_trigger g ON g.tgrelid = c.oid AND g.tgname = ${COLUMNS_GUARD}
    WHERE c.relnamespace = to_regnamespace(${MIRROR_SCHEMA})`;
  const columnRows = sql<
    { table: string; name: string; type: string; comment: string | null; guarded: boolean }[]
  >`
    SELECT c.relname AS table, a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type,
           col_description(c.oid, a.attnum) AS comment, coalesce(a.attnum = ANY(g.tgattr), false) AS guarded
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
    LEFT JOIN pg_trigger g ON g.tgrelid = c.oid AND g.tgname = ${COLUMNS_GUARD}
    WHERE c.relnamespace = to_regnamespace(${MIRROR_SCHEMA}) AND c.relkind = 'r'
      AND a.attnum > 0 AND NOT a.attisdropped
    ORDER BY a.attnum`;
  const [relations, columns] = await Promise.all([relationRows, columnRows]);

  const tables = new Map<string, ExistingTable>();
  for (const { kind, ...table } of relations)
    if (kind === "r") tables.set(table.name, { ...table, columns: new Map(), guarded: new Set() });
  for (const { table, name, type, comment, guarded } of columns) {
    tables.get(table)?.columns.set(name, { type, comment });
    if (guarded) tables.get(table)?.guarded.add(name);
  }
  return { tables, relations: new Set(relations.map((relation) => relation.name)) };
}
