import type { SandboxEvent } from "../store/resources.ts";
import type { Time } from "../support/time.ts";

/** All events that Attio documents (docs page "Webhook reference"). */
export const EVENT_TYPES = [
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

/** A condition on a field of the event, addressed by a dotted path. */
export interface Condition {
  readonly field: string;
  readonly operator: "equals" | "not_equals";
  readonly value: string;
}

/** Which events a subscription takes; null takes all. There is no nesting. */
export type WebhookFilter =
  { readonly $and: readonly Condition[] } | { readonly $or: readonly Condition[] } | null;

/** One event type and a filter. */
export interface Subscription {
  readonly eventType: string;
  readonly filter: WebhookFilter;
}

/** A webhook. */
export interface Webhook {
  readonly id: string;
  readonly secret: string;
  readonly createdAt: Time;
  targetUrl: string;
  subscriptions: readonly Subscription[];
  status: "active" | "degraded" | "inactive";
  /** When it became degraded, in milliseconds. */
  degradedAtMs: number | undefined;
}

/** One try to deliver. */
export interface Attempt {
  readonly atMs: number;
  /** HTTP status, or what went wrong. */
  readonly outcome: number | "timeout" | "failed";
}

/** An event on its way to a webhook. */
export interface Delivery {
  /** The `Idempotency-Key`: the same for every attempt. */
  readonly key: string;
  readonly webhookId: string;
  readonly event: SandboxEvent;
  readonly attempts: Attempt[];
  state: "pending" | "delivered" | "failed" | "dropped";
}
