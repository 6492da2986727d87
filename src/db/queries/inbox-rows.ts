import type { Tx } from "../client.ts";

/** A delivery that waits to be processed. */
export interface WaitingDelivery {
  id: number;
  body: Uint8Array;
}

/** Takes waiting deliveries, oldest first, for as long as the transaction lasts. */
export async function takeDeliveries(tx: Tx, limit: number): Promise<WaitingDelivery[]> {
  return tx<WaitingDelivery[]>`
    SELECT id, body FROM attio_sync.webhook_events WHERE processed_at IS NULL
    ORDER BY id LIMIT ${limit} FOR UPDATE SKIP LOCKED`;
}

/** Notes deliveries as processed; one that could not be read keeps the reason. */
export async function finishDeliveries(
  tx: Tx,
  deliveries: readonly { id: number; error: string | null }[],
): Promise<void> {
  if (deliveries.length === 0) return;
  await tx`
    UPDATE attio_sync.webhook_events e SET processed_at = now(), attempts = attempts + 1, error = d.error
    FROM json_to_recordset(${JSON.stringify(deliveries)}::text::json) AS d(id bigint, error text)
    WHERE e.id = d.id`;
}
