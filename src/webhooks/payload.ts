import { z } from "zod";

/** What a delivery must be to be kept. Events are looked at when they are processed: one of a type unknown today is kept too. */
const envelope = z.looseObject({ webhook_id: z.string(), events: z.array(z.unknown()) });

const utf8 = new TextDecoder("utf-8", { fatal: true });

/** Whether a body is a delivery at all: UTF-8, JSON, `{webhook_id, events}`. */
export function isDelivery(body: Uint8Array): boolean {
  try {
    return envelope.safeParse(JSON.parse(utf8.decode(body))).success;
  } catch {
    return false;
  }
}
