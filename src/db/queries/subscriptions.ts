import type { Sql } from "../client.ts";

/** A mirror table that a logical replication writes to. */
export interface SubscribedTable {
  /** e.g. `people` */
  table: string;
  subscription: string;
}

export async function findSubscribedTables(sql: Sql): Promise<SubscribedTable[]> {
  return sql<SubscribedTable[]>`
    SELECT c.relname AS table, s.subname AS subscription
    FROM pg_subscription_rel r JOIN pg_subscription s ON s.oid = r.srsubid JOIN pg_class c ON c.oid = r.srrelid
    WHERE c.relnamespace = to_regnamespace('attio') AND EXISTS (
      SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = '_fetch_seq') ORDER BY 1, 2`;
}
