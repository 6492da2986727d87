import type { RequestOptions } from "../../attio/index.ts";
import type { Sql } from "../../db/client.ts";
import { drawTicket } from "../../db/queries/tickets.ts";

/** What is known of a fetch besides its answer. */
export interface Ticketed<T> {
  value: T;
  /** The ticket drawn just before the request that was answered was sent. */
  begin: number;
  /** Requests sent, retries included. */
  requests: number;
}

/**
 * Runs a request with a ticket drawn just before it is sent, once the budget has let it go; a retry draws anew
 * (design rule 1).
 */
export async function ticketed<T>(
  sql: Sql,
  options: RequestOptions,
  send: (options: RequestOptions) => Promise<T>,
): Promise<Ticketed<T>> {
  let begin: number | undefined;
  let requests = 0;
  const value = await send({
    ...options,
    onSend: async () => {
      await options.onSend?.();
      begin = await drawTicket(sql);
      requests += 1;
    },
  });
  if (begin === undefined) throw new Error("a request was answered that was never sent");
  return { value, begin, requests };
}
