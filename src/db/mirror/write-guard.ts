import { createHash } from "node:crypto";
import { quoteIdentifier, quoteLiteral } from "./identifiers.ts";
import { mirrorTable } from "./sql-names.ts";

/**
 * The setting by which a transaction says that it is the daemon's own: it holds that transaction's id, e.g. `48213`. A value
 * that outlives its transaction, as in a session that a pooler hands on, means nothing.
 */
export const SYNC_SETTING = "attio_mirror.sync_transaction";

/** What the triggers of earlier versions ask for, until the next schema sync replaces them. */
const FORMER_SETTING = "attio_mirror.writer";

/** SQL expressions that mark the transaction in which they are evaluated as the daemon's, until it ends. */
export const MARK_SYNC = `set_config('${SYNC_SETTING}', pg_current_xact_id()::text, true), set_config('${FORMER_SETTING}', 'daemon', true)`;

/** The triggers that keep everyone else from writing to a mirror's table, and to the columns that are the mirror's. */
export const ROWS_GUARD = "attio_mirror_guard_rows";
export const COLUMNS_GUARD = "attio_mirror_guard_columns";

/**
 * SQL of the mark of what a trigger function of ours does itself: it holds at that function's depth alone, so that what users'
 * own triggers do because of it is theirs.
 */
export const OWN_DEPTH_MARK = "pg_current_xact_id()::text || ':' || pg_trigger_depth()";

/** Whether a statement is not the daemon's. A transaction that has no id yet has not been marked. */
export const IS_STRANGER = `coalesce(current_setting('${SYNC_SETTING}', true), '') NOT IN (
  coalesce(pg_current_xact_id_if_assigned()::text, '-'), coalesce(pg_current_xact_id_if_assigned()::text, '-') || ':' || pg_trigger_depth())`;

/** Tells guards of this version from those of another, e.g. `5f0c77b2e1a94d3c`. */
export const GUARD_VERSION = createHash("sha256")
  .update(guardTriggers("t", ["c"]).join(";"))
  .digest("hex")
  .slice(0, 16);

/**
 * Statements that refuse INSERT, DELETE, TRUNCATE and UPDATE of the mirror's columns to all but the daemon. They are
 * asked once a statement, not once a row, and for the daemon's own nothing is called at all.
 *
 * @param columns the mirror's own; columns that users added are theirs to write
 */
export function guardStatements(table: string, columns: readonly string[]): string[] {
  return [
    ...guardTriggers(table, columns),
    `COMMENT ON TRIGGER ${COLUMNS_GUARD} ON ${mirrorTable(table)} IS ${quoteLiteral(GUARD_VERSION)}`,
  ];
}

function guardTriggers(table: string, columns: readonly string[]): string[] {
  const name = mirrorTable(table);
  const guarded = columns.map(quoteIdentifier).join(", ");
  const refuse = `FOR EACH STATEMENT WHEN (${IS_STRANGER}) EXECUTE FUNCTION attio_sync.refuse_write()`;
  return [
    `CREATE OR REPLACE TRIGGER ${ROWS_GUARD} BEFORE INSERT OR DELETE OR TRUNCATE ON ${name} ${refuse}`,
    `CREATE OR REPLACE TRIGGER ${COLUMNS_GUARD} BEFORE UPDATE OF ${guarded} ON ${name} ${refuse}`,
    enableAlways(table, [ROWS_GUARD, COLUMNS_GUARD]),
  ];
}

/** A statement by which triggers fire even where `session_replication_role` is `replica`. */
export function enableAlways(table: string, triggers: readonly string[]): string {
  const actions = triggers.map((trigger) => `ENABLE ALWAYS TRIGGER ${trigger}`);
  return `ALTER TABLE ${mirrorTable(table)} ${actions.join(", ")}`;
}
