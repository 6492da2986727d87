import type { Sql, Tx } from "../client.ts";

/** A delivery on its way into the inbox. */
export interface NewDelivery {
  generation: number;
  /** Attio's `Idempotency-Key`; null = always new. */
  key: string | null;
  /** As it came. */
  body: Uint8Array;
}

/**
 * Stores deliveries by one statement; one whose key is there already is left out. The body goes as base64 inside one JSON
 * parameter, so that the statement is prepared once whatever the number of rows.
 *
 * @returns how many were new
 */
export async function storeDeliveries(sql: Sql | Tx, deliveries: readonly NewDelivery[]): Promise<number> {
  const rows = deliveries.map(({ generation, key, body }) => ({
    generation,
    key,
    body: Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString("base64"),
  }));
  const { count } = await sql`
    INSERT INTO attio_sync.webhook_events (generation, idempotency_key, body)
    SELECT generation, key, decode(body, 'base64')
    FROM json_to_recordset(${JSON.stringify(rows)}::text::json) AS d(generation int, key text, body text)
    ON CONFLICT (generation, idempotency_key) DO NOTHING`;
  return count;
}

/**
 * Makes processed deliveries wait again.
 *
 * @param since ISO 8601; deliveries received then or later
 * @returns how many
 */
export async function replayDeliveries(sql: Sql | Tx, since: string): Promise<number> {
  const { count } = await sql`
    UPDATE attio_sync.webhook_events SET processed_at = NULL, attempts = 0, error = NULL
    WHERE received_at >= ${since}::text::timestamptz AND processed_at IS NOT NULL`;
  return count;
}
