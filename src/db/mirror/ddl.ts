import { fitIdentifier, quoteIdentifier, quoteLiteral } from "./identifiers.ts";
import type { ExistingTable } from "./introspect.ts";
import { mirrorTable } from "./sql-names.ts";
import { BOOKKEEPING_COLUMNS } from "./tables.ts";
import type { Column, DescribedColumn } from "./tables.ts";
import { captureStatements, captureVersion, releaseStatements } from "./capture.ts";
import type { Capture } from "./capture-plan.ts";
import { GUARD_VERSION, guardStatements } from "./write-guard.ts";

/** A table as it shall be. */
export interface WantedTable {
  name: string;
  comment: string | null;
  /** The first is the primary key. */
  fixedColumns: readonly Column[];
  columns: readonly DescribedColumn[];
  /** How local writes are captured; null for a table that is closed for them. */
  capture: Capture | null;
}

/** A column whose attribute got another slug: its data stays, its name follows. */
export interface Rename {
  from: string;
  to: string;
}

/**
 * Says which statements turn a table into the wanted one. Pure. Never drops a column and never rewrites the table:
 * new columns are nullable and without default.
 *
 * @param have the table as it is, under its present name; undefined when there is none
 */
export function planTable(
  have: ExistingTable | undefined,
  want: WantedTable,
  renames: readonly Rename[],
): string[] {
  if (have === undefined) return createTable(want);
  const formerly = new Map(renames.map(({ from, to }) => [to, from]));
  const left = new Set(renames.map(({ from }) => from));
  // A name that a rename leaves behind is free: a column that takes it is a new one.
  const before = (name: string) => {
    const former = formerly.get(name) ?? (left.has(name) ? undefined : name);
    return former === undefined ? undefined : have.columns.get(former);
  };

  const statements: string[] = [];
  const table = mirrorTable(want.name);
  if (have.name !== want.name) {
    statements.push(`ALTER TABLE ${mirrorTable(have.name)} RENAME TO ${quoteIdentifier(want.name)}`);
  }
  statements.push(...planRenames(table, renames));
  const added = want.columns.filter((column) => before(column.name) === undefined);
  if (added.length > 0) {
    statements.push(
      `ALTER TABLE ${table} ${added.map((column) => `ADD COLUMN ${definition(column)}`).join(", ")}`,
    );
  }
  statements.push(...planWrites(have, want, renames));
  statements.push(...planComment("TABLE", table, have.comment, want.comment));
  for (const column of want.columns) {
    const known = before(column.name)?.comment ?? null;
    statements.push(...planComment("COLUMN", columnPath(table, column.name), known, column.comment));
  }
  return statements;
}

/** Renames in two steps where a target is still another one's name, so that two columns may swap. */
export function planRenames(table: string, renames: readonly Rename[]): string[] {
  const rename = (from: string, to: string) =>
    `ALTER TABLE ${table} RENAME COLUMN ${quoteIdentifier(from)} TO ${quoteIdentifier(to)}`;
  const moving = new Set(renames.map(({ from }) => from));
  const direct = renames.filter(({ to }) => !moving.has(to));
  const crossed = renames.filter(({ to }) => moving.has(to));
  const parked = crossed.map(({ from, to }) => ({ from, to, parking: fitIdentifier(`_renaming_${from}`) }));
  return [
    ...parked.map(({ from, parking }) => rename(from, parking)),
    ...direct.map(({ from, to }) => rename(from, to)),
    ...parked.map(({ parking, to }) => rename(parking, to)),
  ];
}

/** Opens the table for local writes, or closes it. */
function planWrites(have: ExistingTable, want: WantedTable, renames: readonly Rename[]): string[] {
  const { capture } = want;
  if (capture === null)
    return [
      ...(have.capture === null ? [] : releaseStatements(want.name)),
      ...planGuard(have, want, renames),
    ];
  const isUpToDate =
    have.guarded.size === 0 && have.capture === captureVersion(want.name, capture) && have.firesAlways;
  return isUpToDate ? [] : captureStatements(want.name, capture);
}

/** Guards columns that are not yet, or are by triggers of an earlier version; those of attributes that Attio no longer shows stay guarded. */
function planGuard(have: ExistingTable, want: WantedTable, renames: readonly Rename[]): string[] {
  const to = new Map(renames.map((rename) => [rename.from, rename.to]));
  const guarded = new Set([...have.guarded].map((name) => to.get(name) ?? name));
  const wanted = mirrorColumns(want);
  const isUpToDate = have.guard === GUARD_VERSION && have.firesAlways;
  if (isUpToDate && wanted.every((name) => guarded.has(name))) return [];
  return guardStatements(want.name, [...new Set([...guarded, ...wanted])]);
}

function mirrorColumns({ fixedColumns, columns }: WantedTable): string[] {
  return [
    ...fixedColumns.map(({ name }) => name),
    ...columns.map(({ name }) => name),
    ...BOOKKEEPING_COLUMNS,
  ];
}

function createTable(want: WantedTable): string[] {
  const table = mirrorTable(want.name);
  const [key, ...others] = want.fixedColumns;
  if (key === undefined) throw new Error(`table ${want.name} has no key column`);
  const lines = [
    `${quoteIdentifier(key.name)} uuid PRIMARY KEY DEFAULT gen_random_uuid()`,
    ...others.map(definition),
    ...want.columns.map(definition),
    "_hash uuid",
    "_fetch_seq bigint NOT NULL DEFAULT 0",
    "_synced_at timestamp with time zone",
    "_deleted_at timestamp with time zone",
  ];
  return [
    `CREATE TABLE ${table} (${lines.join(", ")})`,
    // A backfill asks which rows of a span of creation its page has not shown.
    `CREATE INDEX ON ${table} (created_at)`,
    ...(want.capture === null
      ? guardStatements(want.name, mirrorColumns(want))
      : captureStatements(want.name, want.capture)),
    ...planComment("TABLE", table, null, want.comment),
    ...want.columns.flatMap((column) =>
      planComment("COLUMN", columnPath(table, column.name), null, column.comment),
    ),
  ];
}

function definition(column: Column): string {
  return `${quoteIdentifier(column.name)} ${column.type}`;
}

function planComment(
  kind: "TABLE" | "COLUMN",
  path: string,
  have: string | null,
  want: string | null,
): string[] {
  if (have === want) return [];
  return [`COMMENT ON ${kind} ${path} IS ${want === null ? "NULL" : quoteLiteral(want)}`];
}

function columnPath(table: string, column: string): string {
  return `${table}.${quoteIdentifier(column)}`;
}
