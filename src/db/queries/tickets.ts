import type { Sql, Tx } from "../client.ts";

/**
 * Draws the next ticket of the order in which fetches and applies happened.
 *
 * One is drawn before each request is sent and one after its answer arrived; only a fetch whose first ticket is above
 * a row's last one is certainly newer than that row.
 */
export async function drawTicket(sql: Sql | Tx): Promise<number> {
  const [row] = await sql<{ ticket: number }[]>`SELECT nextval('attio_sync.fetch_seq') AS ticket`;
  if (row === undefined) throw new Error("nextval answered no row");
  return row.ticket;
}
