import { z } from "zod";
import { nullable } from "./common.ts";

/** Every event that Attio sends (docs: "Webhook reference"); the v1 aliases left out. */
export const WEBHOOK_EVENT_TYPES = [
  "record.created",
  "record.updated",
  "record.merged",
  "record.deleted",
  "list-entry.created",
  "list-entry.updated",
  "list-entry.deleted",
  "list.created",
  "list.updated",
  "list.deleted",
  "list-attribute.created",
  "list-attribute.updated",
  "object-attribute.created",
  "object-attribute.updated",
  "note.created",
  "note.updated",
  "note-content.updated",
  "note.deleted",
  "task.created",
  "task.updated",
  "task.deleted",
  "comment.created",
  "comment.resolved",
  "comment.unresolved",
  "comment.deleted",
  "call-recording.created",
  "workspace-member.created",
] as const;

export type WebhookEventType = (typeof WEBHOOK_EVENT_TYPES)[number];

/** One comparison with a field of the event, e.g. `id.object_id` or `actor.id`. */
export type WebhookCondition = {
  readonly field: string;
  readonly operator: "equals" | "not_equals";
  readonly value: string;
};

/** Which events of a type; null for all. The key must be there even so. */
export type WebhookFilter =
  { readonly $and: readonly WebhookCondition[] } | { readonly $or: readonly WebhookCondition[] } | null;

/** A wish for one type of events. */
export type WebhookSubscription = { readonly event_type: WebhookEventType; readonly filter: WebhookFilter };

export const webhookSchema = z.looseObject({
  id: z.looseObject({ workspace_id: z.string(), webhook_id: z.string() }),
  target_url: z.string(),
  subscriptions: z.array(z.looseObject({ event_type: z.string(), filter: nullable(z.unknown()) })),
  /** `active`, `degraded` or `inactive`; not writable. */
  status: z.string(),
  created_at: z.string(),
});

/** A webhook; its secret is told only when it is made. */
export type Webhook = z.infer<typeof webhookSchema>;

export const createdWebhookSchema = webhookSchema.extend({ secret: z.string() });

/** A webhook just made, with the secret that signs its deliveries: keep it, it never comes again. */
export type CreatedWebhook = z.infer<typeof createdWebhookSchema>;
