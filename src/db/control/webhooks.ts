import { sql } from "drizzle-orm";
import { bigserial, customType, index, integer, jsonb, text, uniqueIndex, uuid } from "drizzle-orm/pg-core";
import { syncSchema, timestamptz } from "./schemas.ts";

const bytea = customType<{ data: Uint8Array; driverData: Uint8Array }>({ dataType: () => "bytea" });

/** The inbox: one row a delivery, as it came. Answered 200 only once it is here. */
export const webhookEvents = syncSchema.table(
  "webhook_events",
  {
    id: bigserial("id", { mode: "number" }).primaryKey(),
    generation: integer("generation").notNull(),
    /** Attio's key of the delivery, constant over its retries; a delivery without one is always new. */
    idempotencyKey: text("idempotency_key"),
    body: bytea("body").notNull(),
    receivedAt: timestamptz("received_at")
      .notNull()
      .default(sql`now()`),
    processedAt: timestamptz("processed_at"),
    attempts: integer("attempts").notNull().default(0),
    error: text("error"),
  },
  (table) => [
    uniqueIndex("webhook_events_key").on(table.generation, table.idempotencyKey),
    index("webhook_events_waiting")
      .on(table.id)
      .where(sql`${table.processedAt} IS NULL`),
    index("webhook_events_received").on(table.receivedAt),
  ],
);

/** This daemon's webhooks in Attio; more than one while it is being replaced. */
export const webhooks = syncSchema.table("webhooks", {
  generation: integer("generation").primaryKey(),
  webhookId: uuid("webhook_id"),
  secret: text("secret"),
  targetUrl: text("target_url").notNull(),
  subscriptions: jsonb("subscriptions").notNull(),
  /** `creating`, `active`, `retiring` or `removed`. */
  state: text("state").notNull(),
  /** Attio's own word for it at the last look: `active`, `degraded`, `inactive`. */
  attioStatus: text("attio_status"),
  createdAt: timestamptz("created_at")
    .notNull()
    .default(sql`now()`),
  checkedAt: timestamptz("checked_at"),
});
