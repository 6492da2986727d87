import type { Sql } from "../client.ts";
import { sqlState } from "../pg-errors.ts";
import { MIRROR_SCHEMA, mirrorTable } from "./sql-names.ts";
import { CAPTURE_TRIGGER } from "./capture.ts";
import { ROWS_GUARD } from "./write-guard.ts";

/** Who may only look, and who may also write to tables that are open for it. */
const READER = "attio_reader";
const WRITER = "attio_writer";

const INSUFFICIENT_PRIVILEGE = "42501";
/** Roles belong to the whole server: another database's mirror may be making the same one. */
const MADE_MEANWHILE = new Set(["42710", "23505"]);

/** SQL that an administrator runs where the daemon's own role may not create roles. */
export const ROLE_SQL: readonly string[] = [READER, WRITER].map((role) => `CREATE ROLE ${role} NOLOGIN`);

const GRANTS: readonly string[] = [
  `GRANT USAGE ON SCHEMA ${MIRROR_SCHEMA} TO ${READER}, ${WRITER}`,
  `GRANT SELECT ON ALL TABLES IN SCHEMA ${MIRROR_SCHEMA} TO ${READER}, ${WRITER}`,
  // Tables made later are readable without another word.
  `ALTER DEFAULT PRIVILEGES IN SCHEMA ${MIRROR_SCHEMA} GRANT SELECT ON TABLES TO ${READER}, ${WRITER}`,
];

/**
 * Makes the two roles and grants them the mirror, new tables included; does nothing where that is done.
 *
 * @returns false when the daemon's role may not create roles; `ROLE_SQL` then says what an administrator has to run
 */
export async function ensureRoles(sql: Sql): Promise<boolean> {
  for (const statement of ROLE_SQL) {
    if (!(await createRole(sql, statement))) return false;
  }
  const [row] = await sql<{ granted: boolean }[]>`
    SELECT has_schema_privilege(${READER}, ${MIRROR_SCHEMA}, 'USAGE')
       AND has_schema_privilege(${WRITER}, ${MIRROR_SCHEMA}, 'USAGE') AS granted`;
  const statements = [...(row?.granted === true ? [] : GRANTS), ...(await missingGrants(sql))];
  if (statements.length > 0) await grant(sql, statements);
  return true;
}

/**
 * Who may write is also given the right on tables that are closed: their triggers say why they refuse, where PostgreSQL
 * would only say "permission denied" (design rule 18).
 */
async function missingGrants(sql: Sql): Promise<string[]> {
  const tables = await sql<{ name: string }[]>`
    SELECT c.relname AS name FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
    WHERE t.tgname IN (${ROWS_GUARD}, ${CAPTURE_TRIGGER}) AND c.relnamespace = to_regnamespace(${MIRROR_SCHEMA})
      AND NOT (has_table_privilege(${WRITER}, c.oid, 'INSERT') AND has_table_privilege(${WRITER}, c.oid, 'UPDATE')
               AND has_table_privilege(${WRITER}, c.oid, 'DELETE'))
    ORDER BY 1`;
  return tables.map(({ name }) => `GRANT INSERT, UPDATE, DELETE ON ${mirrorTable(name)} TO ${WRITER}`);
}

async function createRole(sql: Sql, statement: string): Promise<boolean> {
  const role = statement.split(" ")[2] ?? "";
  const found = await sql`SELECT 1 FROM pg_roles WHERE rolname = ${role}`;
  if (found.length > 0) return true;
  try {
    await sql.unsafe(statement);
  } catch (error) {
    if (sqlState(error) === INSUFFICIENT_PRIVILEGE) return false;
    if (!MADE_MEANWHILE.has(sqlState(error) ?? "")) throw error;
  }
  return true;
}

/** Two processes that grant at once collide on the catalog ("tuple concurrently updated"); the second finds it done. */
async function grant(sql: Sql, statements: readonly string[]): Promise<void> {
  await sql.begin(async (tx) => {
    await tx`SELECT pg_advisory_xact_lock(hashtext('attio-mirror grants'))`;
    for (const statement of statements) await tx.unsafe(statement);
  });
}
