import { createHash } from "node:crypto";
import { quoteIdentifier, quoteLiteral } from "./identifiers.ts";
import { MIRROR_SCHEMA, mirrorTable } from "./sql-names.ts";
import { BOOKKEEPING_COLUMNS, type Column, type ColumnType } from "./tables.ts";
import { COLUMNS_GUARD, IS_STRANGER, ROWS_GUARD } from "./write-guard.ts";

/** Columns that are one value of Attio's and are captured together. */
export interface CapturedGroup {
  columns: readonly Column[];
  /** What it must not hold besides what its columns' types rule out. */
  checks?: readonly Check[];
}

/** A condition on a new row `n`, in SQL, and what is said of a row for which it holds. */
export type Check = readonly [condition: string, problem: string];

/** What a table's triggers capture. */
export interface Capture {
  stream: string;
  /** Names the table's trigger function: the source's id. */
  id: string;
  key: string;
  /** Given with INSERT and never changed. */
  insertOnly: readonly string[];
  /** A new row without a value in one of them is refused. */
  required: readonly string[];
  /** What a new row must not be. */
  insertChecks?: readonly Check[];
  groups: readonly CapturedGroup[];
  /** Columns of the mirror that Attio does not let us write. */
  readOnly: readonly string[];
  /** DELETE sets `_deleted_at` and leaves the row. */
  softDelete: boolean;
}

const PREFIX = "attio_mirror_capture_";
/** The trigger by which an open table is known. */
export const CAPTURE_TRIGGER = `${PREFIX}update`;
const SOFT_DELETE = "attio_mirror_soft_delete";

/** PostgreSQL takes at most a hundred arguments. */
const MOST_PAIRS = 50;

/**
 * Statements that open a table for local writes: statement triggers, which see all rows of a statement at once, since a
 * call a row costs several times as much. For the daemon's own statements none is called.
 */
export function captureStatements(table: string, capture: Capture): string[] {
  const name = mirrorTable(table);
  const call = `EXECUTE FUNCTION ${functionName(capture)}()`;
  const trigger = (event: string, referencing: string) =>
    `CREATE OR REPLACE TRIGGER ${PREFIX}${event.toLowerCase()} AFTER ${event} ON ${name} ${referencing} ` +
    `FOR EACH STATEMENT WHEN (${IS_STRANGER}) ${call}`;
  return [
    `DROP TRIGGER IF EXISTS ${ROWS_GUARD} ON ${name}`,
    `DROP TRIGGER IF EXISTS ${COLUMNS_GUARD} ON ${name}`,
    captureFunction(table, capture),
    trigger("INSERT", "REFERENCING NEW TABLE AS new_rows"),
    trigger("UPDATE", "REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows"),
    trigger("DELETE", "REFERENCING OLD TABLE AS old_rows"),
    `CREATE OR REPLACE TRIGGER ${PREFIX}truncate BEFORE TRUNCATE ON ${name} ` +
      `FOR EACH STATEMENT WHEN (${IS_STRANGER}) ${call}`,
    capture.softDelete
      ? `CREATE OR REPLACE TRIGGER ${SOFT_DELETE} BEFORE DELETE ON ${name} FOR EACH ROW WHEN (${IS_STRANGER}) ${call}`
      : `DROP TRIGGER IF EXISTS ${SOFT_DELETE} ON ${name}`,
    `COMMENT ON TRIGGER ${CAPTURE_TRIGGER} ON ${name} IS ${quoteLiteral(captureVersion(table, capture))}`,
  ];
}

/** Tells the triggers of one set of columns from those of another. */
export function captureVersion(table: string, capture: Capture): string {
  return createHash("sha256")
    .update(captureFunction(table, capture))
    .update(String(capture.softDelete))
    .digest("hex")
    .slice(0, 16);
}

/** Statements that close it again. */
export function releaseStatements(table: string): string[] {
  const name = mirrorTable(table);
  return [...["insert", "update", "delete", "truncate"].map((event) => PREFIX + event), SOFT_DELETE].map(
    (trigger) => `DROP TRIGGER IF EXISTS ${trigger} ON ${name}`,
  );
}

function functionName({ id }: Capture): string {
  return `attio_sync.${quoteIdentifier(`capture_${id}`)}`;
}

/**
 * The trigger function. Reading the two sets of rows once, it finds which groups of columns changed anywhere in the statement
 * and whether they may, and only those take part in the statement that writes the outbox: a second reading, and the last.
 */
function captureFunction(table: string, capture: Capture): string {
  const { stream, key, groups, insertOnly, insertChecks = [] } = capture;
  const name = `${MIRROR_SCHEMA}.${table}`;
  const id = quoteIdentifier(key);
  const readOnly = [...capture.readOnly, ...BOOKKEEPING_COLUMNS.filter((column) => column !== "_fetch_seq")];
  const unwritable = (present: (column: string) => string) =>
    caseOf(readOnly.map((column) => [present(quoteIdentifier(column)), column]));
  const reasons = [...groups.map(groupChecks), insertChecks].filter((checks) => checks.length > 0);
  const required = capture.required.map((column): [string, string] => [
    `bool_or(n.${quoteIdentifier(column)} IS NULL)`,
    column,
  ]);
  return `
CREATE OR REPLACE FUNCTION ${functionName(capture)}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET "TimeZone" = 'UTC' SET enable_nestloop = off SET jit = off AS ${quoteLiteral(`
DECLARE
  differs constant text[] := ${textArray(groups.map(differs))};
  news constant text[] := ${textArray(groups.map((group) => cellsOf("n", group.columns)))};
  olds constant text[] := ${textArray(groups.map((group) => cellsOf("o", group.columns)))};
  verdicts text[];
  changed int[];
  refused text;
  wheres text := '';
  new_cells text := '';
  old_cells text := '';
  g int;
  captured int := 0;
BEGIN
  IF TG_OP = 'TRUNCATE' THEN
    RAISE insufficient_privilege USING MESSAGE = ${quoteLiteral(`${name} cannot be truncated: DELETE is what goes to Attio`)};
  END IF;
  IF TG_OP = 'DELETE' AND TG_WHEN = 'BEFORE' THEN
    PERFORM set_config('attio_mirror.writer', 'daemon', true);
    -- Without its hash the row can't look unchanged, should Attio refuse to delete it.
    UPDATE ${mirrorTable(table)} SET _deleted_at = clock_timestamp(), _hash = NULL WHERE ${id} = OLD.${id} AND _deleted_at IS NULL;
    PERFORM set_config('attio_mirror.writer', '', true);
    INSERT INTO attio_sync.outbox (stream, record_id, operation, changes, base)
      SELECT ${quoteLiteral(stream)}, OLD.${id}, 'delete', '{}', '{}' WHERE OLD._deleted_at IS NULL;
    PERFORM pg_notify('attio_sync', 'outbox');
    RETURN NULL;
  END IF;
  IF TG_OP = 'DELETE' THEN
    INSERT INTO attio_sync.outbox (stream, record_id, operation, changes, base)
      SELECT ${quoteLiteral(stream)}, o.${id}, 'delete', '{}', '{}' FROM old_rows o WHERE o._deleted_at IS NULL;
    GET DIAGNOSTICS captured = ROW_COUNT;
  ELSIF TG_OP = 'INSERT' THEN
    SELECT ${unwritable((column) => `bool_or(n.${column} IS NOT NULL)`)} INTO refused FROM new_rows n;
    IF refused IS NOT NULL THEN
      RAISE insufficient_privilege USING MESSAGE = 'column "' || refused || ${quoteLiteral(`" of ${name} is read-only: Attio sets it`)};
    END IF;
    SELECT ${caseOf(required)} INTO refused FROM new_rows n;
    IF refused IS NOT NULL THEN
      RAISE not_null_violation USING MESSAGE = 'column "' || refused || ${quoteLiteral(`" of ${name} must have a value`)};
    END IF;
    SELECT coalesce(${["NULL", ...reasons.map((checks) => `max(${caseOf(checks)})`)].join(", ")}) INTO refused FROM new_rows n;
    IF refused IS NOT NULL THEN RAISE invalid_parameter_value USING MESSAGE = refused; END IF;
    INSERT INTO attio_sync.outbox (stream, record_id, operation, changes, base)
      SELECT ${quoteLiteral(stream)}, n.${id}, 'insert', jsonb_strip_nulls(${insertedCells(capture)}), '{}' FROM new_rows n;
    GET DIAGNOSTICS captured = ROW_COUNT;
  ELSE
    SELECT ${caseOf([
      [`bool_or(o.${id} IS NULL)`, key],
      ...readOnly
        .filter((column) => column !== "_deleted_at")
        .concat(insertOnly)
        .map((column): [string, string] => [
          `bool_or(n.${quoteIdentifier(column)} IS DISTINCT FROM o.${quoteIdentifier(column)})`,
          column,
        ]),
      ["bool_or(o._deleted_at IS NOT NULL OR n._deleted_at IS NOT NULL)", "_deleted_at"],
    ])},
      ARRAY[${groups.map((group) => `max(${verdictOf(group)})`).join(", ")}]::text[]
      INTO refused, verdicts FROM new_rows n LEFT JOIN old_rows o ON o.${id} = n.${id};
    IF refused = ANY(${textArray([key, ...insertOnly])}) THEN
      RAISE insufficient_privilege USING MESSAGE = 'column "' || refused || ${quoteLiteral(`" of ${name} cannot be changed`)};
    ELSIF refused = '_deleted_at' THEN
      RAISE insufficient_privilege USING MESSAGE = ${quoteLiteral(`a deleted row of ${name} cannot be changed`)};
    ELSIF refused IS NOT NULL THEN
      RAISE insufficient_privilege USING MESSAGE = 'column "' || refused || ${quoteLiteral(`" of ${name} is read-only: Attio sets it`)};
    END IF;
    SELECT array_agg(place), max(verdict) INTO changed, refused
      FROM unnest(verdicts) WITH ORDINALITY AS found(verdict, place) WHERE verdict IS NOT NULL;
    IF changed IS NULL THEN RETURN NULL; END IF;
    IF refused <> '' THEN RAISE invalid_parameter_value USING MESSAGE = refused; END IF;
    FOREACH g IN ARRAY changed LOOP
      wheres := wheres || CASE WHEN wheres = '' THEN '' ELSE ' OR ' END || differs[g];
      IF cardinality(changed) = 1 THEN
        new_cells := news[g];
        old_cells := olds[g];
      ELSE
        new_cells := new_cells || CASE WHEN new_cells = '' THEN '' ELSE ' || ' END || format('CASE WHEN %s THEN %s ELSE ''{}'' END', differs[g], news[g]);
        old_cells := old_cells || CASE WHEN old_cells = '' THEN '' ELSE ' || ' END || format('CASE WHEN %s THEN %s ELSE ''{}'' END', differs[g], olds[g]);
      END IF;
    END LOOP;
    EXECUTE 'INSERT INTO attio_sync.outbox (stream, record_id, operation, changes, base) SELECT ' || ${quoteLiteral(`${quoteLiteral(stream)}, n.${id}, 'update', `)}
      || new_cells || ', ' || old_cells || ${quoteLiteral(` FROM old_rows o JOIN new_rows n ON o.${id} = n.${id} WHERE `)} || wheres;
    GET DIAGNOSTICS captured = ROW_COUNT;
  END IF;
  IF captured > 0 THEN PERFORM pg_notify('attio_sync', 'outbox'); END IF;
  RETURN NULL;
END
`)}`;
}

function insertedCells({ groups, insertOnly }: Capture): string {
  const columns = [
    ...insertOnly.map((name): Column => ({ name, type: "text" })),
    ...groups.flatMap((group) => group.columns),
  ];
  return columns.length === 0 ? "'{}'::jsonb" : cellsOf("n", columns);
}

/** The columns of a row as a JSON object; an empty array is no value (design rule 32). */
function cellsOf(row: "n" | "o", columns: readonly Column[]): string {
  const objects: string[] = [];
  for (let start = 0; start < columns.length; start += MOST_PAIRS) {
    const pairs = columns
      .slice(start, start + MOST_PAIRS)
      .map((column) => `${quoteLiteral(column.name)}, ${valueOf(row, column)}`);
    objects.push(`jsonb_build_object(${pairs.join(", ")})`);
  }
  return objects.join(" || ");
}

function valueOf(row: "n" | "o", { name, type }: Column): string {
  const value = `${row}.${quoteIdentifier(name)}`;
  return type.endsWith("[]") ? `nullif(${value}, '{}')` : value;
}

function differs({ columns }: CapturedGroup): string {
  return columns
    .map((column) => `${valueOf("n", column)} IS DISTINCT FROM ${valueOf("o", column)}`)
    .map((comparison) => `(${comparison})`)
    .join(" OR ");
}

/** Of one row: NULL where the group did not change, else what it must not hold, else an empty text. */
function verdictOf(group: CapturedGroup): string {
  const reason = caseOf(groupChecks(group));
  return `CASE WHEN ${differs(group)} THEN coalesce(${reason}, '') END COLLATE "C"`;
}

function groupChecks({ columns, checks = [] }: CapturedGroup): Check[] {
  return [...columns.flatMap(checksOf), ...checks];
}

/** What a column's type can hold and Attio's cannot: a condition on the new row, and what is said of it. */
function checksOf({ name, type }: Column): Check[] {
  const value = `n.${quoteIdentifier(name)}`;
  const say = (problem: string) => `column "${name}" ${problem}`;
  const isArray = type.endsWith("[]");
  const element = isArray ? (type.slice(0, -2) as ColumnType) : type;
  const checks: Check[] = [];
  if (isArray) {
    checks.push([`array_ndims(${value}) > 1`, say("must not hold nested arrays")]);
    checks.push([`array_position(${value}, NULL) IS NOT NULL`, say("must not hold a NULL element")]);
  }
  if (element === "double precision" || element === "numeric") {
    const isBad = isArray
      ? `${value} && '{NaN,Infinity,-Infinity}'::${type}`
      : `${value}::float8 IN ('NaN', 'Infinity', '-Infinity')`;
    checks.push([isBad, say("must be a finite number")]);
  }
  if (element === "date" || element === "timestamp with time zone") {
    const isBad = isArray ? `${value} && '{infinity,-infinity}'::${type}` : `NOT isfinite(${value})`;
    checks.push([isBad, say("must be a finite time")]);
  }
  return checks;
}

/** The first reason whose condition holds, else NULL. */
function caseOf(cases: readonly Check[]): string {
  if (cases.length === 0) return "NULL::text";
  return `CASE ${cases.map(([condition, reason]) => `WHEN ${condition} THEN ${quoteLiteral(reason)}`).join(" ")} END`;
}

function textArray(texts: readonly string[]): string {
  return `ARRAY[${texts.map(quoteLiteral).join(", ")}]::text[]`;
}
