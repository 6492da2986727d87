import { createHash } from "node:crypto";
import { captureFunction, captureFunctionName } from "./capture-function.ts";
import type { Capture } from "./capture-plan.ts";
import { quoteLiteral } from "./identifiers.ts";
import { spentIdsFunction, spentIdsFunctionName } from "./spent-ids.ts";
import { mirrorTable } from "./sql-names.ts";
import { COLUMNS_GUARD, enableAlways, IS_STRANGER, ROWS_GUARD } from "./write-guard.ts";

const PREFIX = "attio_mirror_capture_";
/** The trigger by which an open table is known. */
export const CAPTURE_TRIGGER = `${PREFIX}update`;
const SOFT_DELETE = "attio_mirror_soft_delete";
const SPENT_IDS = "attio_mirror_todays_id";
/** Triggers of each row, which do not fire where `session_replication_role` is `replica`. */
export const ROW_TRIGGERS: readonly string[] = [SOFT_DELETE, SPENT_IDS];

const EVENTS = ["insert", "update", "delete", "truncate"] as const;

/**
 * Statements that open a table for local writes: statement triggers, which see all rows of a statement at once, since a
 * call a row costs several times as much. For the daemon's own statements none is called.
 */
export function captureStatements(table: string, capture: Capture): string[] {
  const statements = openingStatements(table, capture);
  return [
    ...statements,
    `COMMENT ON TRIGGER ${CAPTURE_TRIGGER} ON ${mirrorTable(table)} IS ${quoteLiteral(versionOf(statements))}`,
  ];
}

/** Tells the triggers of one set of columns, and of one version of this program, from those of another. */
export function captureVersion(table: string, capture: Capture): string {
  return versionOf(openingStatements(table, capture));
}

function versionOf(statements: readonly string[]): string {
  return createHash("sha256").update(statements.join(";")).digest("hex").slice(0, 16);
}

function openingStatements(table: string, capture: Capture): string[] {
  const name = mirrorTable(table);
  const call = `EXECUTE FUNCTION ${captureFunctionName(capture)}()`;
  const trigger = (event: (typeof EVENTS)[number], referencing: string) =>
    `CREATE OR REPLACE TRIGGER ${PREFIX}${event} AFTER ${event} ON ${name} ${referencing} ` +
    `FOR EACH STATEMENT WHEN (${IS_STRANGER}) ${call}`;
  return [
    `DROP TRIGGER IF EXISTS ${ROWS_GUARD} ON ${name}`,
    `DROP TRIGGER IF EXISTS ${COLUMNS_GUARD} ON ${name}`,
    captureFunction(table, capture),
    spentIdsFunction(table, capture),
    trigger("insert", "REFERENCING NEW TABLE AS new_rows"),
    trigger("update", "REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows"),
    trigger("delete", "REFERENCING OLD TABLE AS old_rows"),
    `CREATE OR REPLACE TRIGGER ${PREFIX}truncate BEFORE TRUNCATE ON ${name} ` +
      `FOR EACH STATEMENT WHEN (${IS_STRANGER}) ${call}`,
    `CREATE OR REPLACE TRIGGER ${SPENT_IDS} BEFORE INSERT ON ${name} ` +
      `FOR EACH ROW WHEN (${IS_STRANGER}) EXECUTE FUNCTION ${spentIdsFunctionName(capture)}()`,
    capture.softDelete
      ? `CREATE OR REPLACE TRIGGER ${SOFT_DELETE} BEFORE DELETE ON ${name} FOR EACH ROW WHEN (${IS_STRANGER}) ${call}`
      : `DROP TRIGGER IF EXISTS ${SOFT_DELETE} ON ${name}`,
    // Row triggers would fire for what a subscription brings as well, and push it.
    enableAlways(
      table,
      EVENTS.map((event) => PREFIX + event),
    ),
  ];
}

/** Statements that close it again. */
export function releaseStatements(table: string): string[] {
  const name = mirrorTable(table);
  return [...EVENTS.map((event) => PREFIX + event), SPENT_IDS, SOFT_DELETE].map(
    (trigger) => `DROP TRIGGER IF EXISTS ${trigger} ON ${name}`,
  );
}
