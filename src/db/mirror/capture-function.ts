import type { Capture, Check } from "./capture-plan.ts";
import { caseOf, insertChecksOf, verdictOf } from "./capture-checks.ts";
import { cellsOf, columnDiffers, differs, FREED, freedValues, isCut } from "./captured-values.ts";
import { quoteIdentifier, quoteLiteral } from "./identifiers.ts";
import { todaysIdOf } from "./spent-ids.ts";
import { MIRROR_SCHEMA, mirrorTable } from "./sql-names.ts";
import type { Column } from "./tables.ts";
import { OWN_DEPTH_MARK, SYNC_SETTING } from "./write-guard.ts";

/** Bookkeeping of every mirrored table, which the daemon alone writes. */
const BOOKKEEPING: readonly Column[] = [
  { name: "_hash", type: "uuid" },
  { name: "_fetch_seq", type: "bigint" },
  { name: "_synced_at", type: "timestamp with time zone" },
  { name: "_deleted_at", type: "timestamp with time zone" },
];

const SET_BY_ATTIO = "is read-only: Attio sets it";
const SET_BY_MIRROR = "is read-only: the mirror sets it";

export function captureFunctionName({ id }: Capture): string {
  return `attio_sync.${quoteIdentifier(`capture_${id}`)}`;
}

/**
 * The trigger function. Reading the two sets of rows once, it finds which groups of columns changed anywhere in the statement
 * and whether they may, and only those take part in the statement that writes the outbox: a second reading, and the last.
 */
export function captureFunction(table: string, capture: Capture): string {
  const { groups } = capture;
  const frees = groups.map((group) => (group.unique ? freedValues(group, "o", "n") : ""));
  return `
CREATE OR REPLACE FUNCTION ${captureFunctionName(capture)}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET "TimeZone" = 'UTC' SET enable_nestloop = off SET jit = off AS ${quoteLiteral(`
DECLARE
  differs constant text[] := ${textArray(groups.map(differs))};
  news constant text[] := ${textArray(groups.map((group) => cellsOf("n", group.columns)))};
  olds constant text[] := ${textArray(groups.map((group) => cellsOf("o", group.columns)))};
  frees constant text[] := ${textArray(frees)};
  verdicts text[];
  changed int[];
  refused text;
  gone text;
  cut uuid[];
  marked text := coalesce(current_setting('${SYNC_SETTING}', true), '');
  wheres text := '';
  new_cells text := '';
  old_cells text := '';
  freed text := '';
  g int;
  captured int := 0;
BEGIN
  IF TG_OP = 'TRUNCATE' THEN
    RAISE insufficient_privilege USING MESSAGE = ${quoteLiteral(`${nameOf(table)} cannot be truncated: DELETE is what goes to Attio`)};
  ELSIF TG_OP = 'DELETE' AND TG_WHEN = 'BEFORE' THEN
    ${softDelete(table, capture)}
    RETURN NULL;
  ELSIF TG_OP = 'DELETE' THEN
    INSERT INTO attio_sync.outbox (stream, record_id, operation, changes, base, frees)
      SELECT ${deletedRow(capture, "o")} FROM old_rows o WHERE o._deleted_at IS NULL;
    GET DIAGNOSTICS captured = ROW_COUNT;
  ELSIF TG_OP = 'INSERT' THEN
    ${insert(table, capture)}
  ELSE
    ${readUpdate(table, capture)}
    IF changed IS NOT NULL THEN
      IF refused <> '' THEN RAISE invalid_parameter_value USING MESSAGE = refused; END IF;
      ${writeUpdate(capture)}
    END IF;
    ${restoreCut(table, capture)}
  END IF;
  IF captured > 0 THEN PERFORM pg_notify('attio_sync', 'outbox'); END IF;
  RETURN NULL;
END
`)}`;
}

function nameOf(table: string): string {
  return `${MIRROR_SCHEMA}.${table}`;
}

/** Runs a statement as the daemon's: what the transaction was marked with before comes back afterwards. */
function unseen(statement: string): string {
  return `PERFORM set_config('${SYNC_SETTING}', ${OWN_DEPTH_MARK}, true);
    ${statement}
    PERFORM set_config('${SYNC_SETTING}', marked, true);`;
}

function softDelete(table: string, capture: Capture): string {
  const id = quoteIdentifier(capture.key);
  // Without its hash the row can't look unchanged, should Attio refuse to delete it.
  return `${unseen(`UPDATE ${mirrorTable(table)} SET _deleted_at = clock_timestamp(), _hash = NULL WHERE ${id} = OLD.${id} AND _deleted_at IS NULL;`)}
    INSERT INTO attio_sync.outbox (stream, record_id, operation, changes, base, frees)
      SELECT ${deletedRow(capture, "OLD")} WHERE OLD._deleted_at IS NULL;
    PERFORM pg_notify('attio_sync', 'outbox');`;
}

/** What the outbox gets of a deleted row: of its values the unique ones alone, which others may wait for. */
function deletedRow({ stream, key, groups }: Capture, row: "o" | "OLD"): string {
  const unique = groups.filter((group) => group.unique);
  const columns = unique.flatMap((group) => group.columns);
  const freed = unique.map((group) => freedValues(group, row, undefined)).join(" UNION ");
  const frees = freed === "" ? "NULL" : FREED.join(freed);
  return `${quoteLiteral(stream)}, ${row}.${quoteIdentifier(key)}, 'delete', '{}', ${cellsOf(row, columns)}, ${frees}`;
}

function insert(table: string, capture: Capture): string {
  const { stream, key, groups, insertOnly, insertChecks = [] } = capture;
  const id = quoteIdentifier(key);
  const isGiven = ({ name }: Column) =>
    name === "_fetch_seq" ? "bool_or(n._fetch_seq <> 0)" : `bool_or(n.${quoteIdentifier(name)} IS NOT NULL)`;
  // The time of its creation, which some clients always send, is replaced by Attio's.
  const readOnly = capture.readOnly.filter(({ name }) => name !== "created_at");
  const required = capture.required.map((name): Check => [
    `bool_or(n.${quoteIdentifier(name)} IS NULL)`,
    name,
  ]);
  const reasons = [...groups.map(insertChecksOf), insertChecks].filter((checks) => checks.length > 0);
  const columns = [
    ...insertOnly.map((name): Column => ({ name, type: "text" })),
    ...groups.flatMap((group) => group.columns),
  ];
  return `SELECT ${caseOf([
    ...readOnly.map((column): Check => [isGiven(column), readOnlyProblem(table, column, SET_BY_ATTIO)]),
    ...BOOKKEEPING.map((column): Check => [isGiven(column), readOnlyProblem(table, column, SET_BY_MIRROR)]),
  ])} INTO refused FROM new_rows n;
    IF refused IS NOT NULL THEN RAISE insufficient_privilege USING MESSAGE = refused; END IF;
    SELECT ${caseOf(required)} INTO refused FROM new_rows n;
    IF refused IS NOT NULL THEN
      RAISE not_null_violation USING MESSAGE = 'column "' || refused || ${quoteLiteral(`" of ${nameOf(table)} must have a value`)};
    END IF;
    SELECT coalesce(${["NULL", ...reasons.map((checks) => `max(${caseOf(checks)})`)].join(", ")}) INTO refused FROM new_rows n;
    IF refused IS NOT NULL THEN RAISE invalid_parameter_value USING MESSAGE = refused; END IF;
    -- Its record may have got its id while this statement waited for the row.
    SELECT t.today::text INTO gone FROM (SELECT ${todaysIdOf(`n.${id}`)} AS today FROM new_rows n) t
      WHERE t.today IS NOT NULL AND (SELECT r._deleted_at IS NULL FROM ${mirrorTable(table)} r WHERE r.${id} = t.today) LIMIT 1;
    IF gone IS NOT NULL THEN
      RAISE unique_violation USING MESSAGE = ${quoteLiteral(`the record of this id is in ${nameOf(table)} under another one`)},
        HINT = 'Its id is ' || gone || ' now.';
    END IF;
    INSERT INTO attio_sync.outbox (stream, record_id, operation, changes, base)
      SELECT ${quoteLiteral(stream)}, n.${id}, 'insert', jsonb_strip_nulls(${cellsOf("n", columns)}), '{}' FROM new_rows n;
    GET DIAGNOSTICS captured = ROW_COUNT;`;
}

function readUpdate(table: string, { key, groups, insertOnly, readOnly }: Capture): string {
  const id = quoteIdentifier(key);
  const name = nameOf(table);
  const changes = (column: Column) => `bool_or(${columnDiffers(column)})`;
  const fixed = (column: string) => `column "${column}" of ${name} cannot be changed`;
  const insertOnlyColumns = insertOnly.map((column): Column => ({ name: column, type: "text" }));
  const cuts = timesOf({ groups, readOnly }).flatMap((column) => isCut(column) ?? []);
  return `SELECT ${caseOf([
    [`bool_or(o.${id} IS NULL)`, fixed(key)],
    ...readOnly.map((column): Check => [changes(column), readOnlyProblem(table, column, SET_BY_ATTIO)]),
    ...BOOKKEEPING.map((column): Check => [changes(column), readOnlyProblem(table, column, SET_BY_MIRROR)]),
    ...insertOnlyColumns.map((column): Check => [changes(column), fixed(column.name)]),
  ])},
      ${groups.length === 0 ? "NULL::text" : `min(CASE WHEN o._deleted_at IS NOT NULL THEN CASE WHEN ${groups.map(differs).join(" OR ")} THEN n.${id}::text END END)`},
      ${cuts.length === 0 ? "NULL::uuid[]" : `array_agg(n.${id}) FILTER (WHERE ${cuts.join(" OR ")})`},
      ARRAY[${groups.map((group) => `max(${verdictOf(group)})`).join(", ")}]::text[]
      INTO refused, gone, cut, verdicts FROM new_rows n LEFT JOIN old_rows o ON o.${id} = n.${id};
    IF refused IS NOT NULL THEN RAISE insufficient_privilege USING MESSAGE = refused; END IF;
    IF gone IS NOT NULL THEN
      RAISE insufficient_privilege USING MESSAGE = ${quoteLiteral(`a deleted row of ${name} cannot be changed: `)} || gone,
        HINT = 'Leave deleted rows out with AND _deleted_at IS NULL.';
    END IF;
    SELECT array_agg(place), max(verdict) INTO changed, refused
      FROM unnest(verdicts) WITH ORDINALITY AS found(verdict, place) WHERE verdict IS NOT NULL;`;
}

function writeUpdate({ stream, key, groups }: Capture): string {
  const id = quoteIdentifier(key);
  const isUnique = groups.some((group) => group.unique);
  const noteFreed = `
        IF frees[g] <> '' THEN freed := freed || CASE WHEN freed = '' THEN '' ELSE ' UNION ' END || frees[g]; END IF;`;
  return `FOREACH g IN ARRAY changed LOOP
        wheres := wheres || CASE WHEN wheres = '' THEN '' ELSE ' OR ' END || differs[g];${isUnique ? noteFreed : ""}
        IF cardinality(changed) = 1 THEN
          new_cells := news[g];
          old_cells := olds[g];
        ELSE
          new_cells := new_cells || CASE WHEN new_cells = '' THEN '' ELSE ' || ' END || format('CASE WHEN %s THEN %s ELSE ''{}'' END', differs[g], news[g]);
          old_cells := old_cells || CASE WHEN old_cells = '' THEN '' ELSE ' || ' END || format('CASE WHEN %s THEN %s ELSE ''{}'' END', differs[g], olds[g]);
        END IF;
      END LOOP;
      freed := CASE WHEN freed = '' THEN 'NULL::text[]' ELSE ${quoteLiteral(FREED[0])} || freed || ${quoteLiteral(FREED[1])} END;
      EXECUTE 'INSERT INTO attio_sync.outbox (stream, record_id, operation, changes, base, frees) SELECT ' || ${quoteLiteral(`${quoteLiteral(stream)}, n.${id}, 'update', `)}
        || new_cells || ', ' || old_cells || ', ' || freed || ${quoteLiteral(` FROM old_rows o JOIN new_rows n ON o.${id} = n.${id} WHERE `)} || wheres;
      GET DIAGNOSTICS captured = ROW_COUNT;`;
}

/** Columns whose times a client may have cut; of those that the mirror keeps for itself nothing hangs on less than that. */
function timesOf({ groups, readOnly }: Pick<Capture, "groups" | "readOnly">): Column[] {
  return [...readOnly, ...groups.flatMap(({ columns }) => columns)].filter(
    (column) => isCut(column) !== undefined,
  );
}

/** Puts times back that a client has cut: the row would else differ from Attio's, though nobody changed it. */
function restoreCut(table: string, capture: Capture): string {
  const times = timesOf(capture);
  if (times.length === 0) return "";
  const id = quoteIdentifier(capture.key);
  const sets = times.map((column) => {
    const name = quoteIdentifier(column.name);
    return `${name} = CASE WHEN ${isCut(column) ?? "false"} THEN o.${name} ELSE r.${name} END`;
  });
  const statement = `UPDATE ${mirrorTable(table)} r SET ${sets.join(", ")}
      FROM old_rows o JOIN new_rows n ON o.${id} = n.${id} WHERE r.${id} = ANY(cut) AND r.${id} = o.${id};`;
  return `IF cut IS NOT NULL THEN
    ${unseen(statement)}
    END IF;`;
}

function readOnlyProblem(table: string, { name }: Column, problem: string): string {
  return `column "${name}" of ${nameOf(table)} ${problem}`;
}

function textArray(texts: readonly string[]): string {
  return `ARRAY[${texts.map(quoteLiteral).join(", ")}]::text[]`;
}
