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

/**
 * Raises the sequence of tickets above every ticket that is stored: a database restored from a dump of its tables alone
 * would draw old ones again, and every fetch would look stale (design rule 14).
 *
 * @returns whether it had to be raised
 */
export async function raiseTickets(sql: Sql): Promise<boolean> {
  const tables = await sql<{ name: string }[]>`
    SELECT format('%I.%I', n.nspname, c.relname) AS name
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = 'attio' AND c.relkind = 'r' AND a.attname = '_fetch_seq' AND NOT a.attisdropped`;
  const parts = [
    ...tables.map(({ name }) => `SELECT max(_fetch_seq) AS ticket FROM ${name}`),
    "SELECT max(fetch_seq) FROM attio_sync.tombstones",
    "SELECT max(first_ticket) FROM attio_sync.runs",
  ];
  const [row] = await sql.unsafe<{ raised: boolean }[]>(`
    WITH stored AS (SELECT coalesce(max(ticket), 0) AS ticket FROM (${parts.join(" UNION ALL ")}) t)
    SELECT s.last_value < stored.ticket
           AND setval('attio_sync.fetch_seq', stored.ticket) IS NOT NULL AS raised
    FROM attio_sync.fetch_seq s, stored`);
  return row?.raised ?? false;
}
