import { quoteIdentifier } from "./identifiers.ts";
import { mirrorTable } from "./sql-names.ts";

/** The setting by which a session or a transaction says that it is the daemon's own. */
export const WRITER_SETTING = "attio_mirror.writer";
export const DAEMON = "daemon";

/** The triggers that keep everyone else from writing to a mirror's table, and to the columns that are the mirror's. */
export const ROWS_GUARD = "attio_mirror_guard_rows";
export const COLUMNS_GUARD = "attio_mirror_guard_columns";

export const IS_STRANGER = `current_setting('${WRITER_SETTING}', true) IS DISTINCT FROM '${DAEMON}'`;

/**
 * Statements that refuse INSERT, DELETE, TRUNCATE and UPDATE of the mirror's columns to all but the daemon. They are
 * asked once a statement, not once a row, and for the daemon's own nothing is called at all.
 *
 * @param columns the mirror's own; columns that users added are theirs to write
 */
export function guardStatements(table: string, columns: readonly string[]): string[] {
  const name = mirrorTable(table);
  const guarded = columns.map(quoteIdentifier).join(", ");
  const refuse = `FOR EACH STATEMENT WHEN (${IS_STRANGER}) EXECUTE FUNCTION attio_sync.refuse_write()`;
  return [
    `CREATE OR REPLACE TRIGGER ${ROWS_GUARD} BEFORE INSERT OR DELETE OR TRUNCATE ON ${name} ${refuse}`,
    `CREATE OR REPLACE TRIGGER ${COLUMNS_GUARD} BEFORE UPDATE OF ${guarded} ON ${name} ${refuse}`,
  ];
}
