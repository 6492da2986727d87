import { isDataRefusal, sqlState } from "../pg-errors.ts";
import type { Sql } from "../client.ts";

/** Which database this is: a restore has another system identifier, a clone on the same server another oid. */
export interface DatabaseIdentity {
  /** null where this login may not read it. */
  systemIdentifier: string | null;
  oid: number;
}

const INSUFFICIENT_PRIVILEGE = "42501";

export async function databaseIdentity(sql: Sql): Promise<DatabaseIdentity> {
  const [row] = await sql<{ oid: number }[]>`
    SELECT oid::int8 AS oid FROM pg_database WHERE datname = current_database()`;
  return { systemIdentifier: await systemIdentifier(sql), oid: row?.oid ?? 0 };
}

async function systemIdentifier(sql: Sql): Promise<string | null> {
  try {
    const [row] = await sql<{ id: string }[]>`SELECT system_identifier::text AS id FROM pg_control_system()`;
    return row?.id ?? null;
  } catch (error) {
    if (sqlState(error) === INSUFFICIENT_PRIVILEGE || isDataRefusal(error)) return null;
    throw error;
  }
}
