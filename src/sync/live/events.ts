import { z } from "zod";

/**
 * A webhook delivery (docs.attio.com, "Webhooks"). Events carry ids and no values, so only what leads to a record is
 * read; everything else passes.
 */
const eventSchema = z.looseObject({
  event_type: z.string(),
  id: z.looseObject({}).catchall(z.unknown()),
});

export const deliverySchema = z.looseObject({
  webhook_id: z.string(),
  events: z.array(eventSchema),
});

export type AttioEvent = z.infer<typeof eventSchema>;

/**
 * Reads a delivery's body.
 *
 * @throws SyntaxError or ZodError where it is not what Attio sends
 */
export function parseDelivery(body: Uint8Array): AttioEvent[] {
  return deliverySchema.parse(JSON.parse(Buffer.from(body).toString("utf8"))).events;
}
