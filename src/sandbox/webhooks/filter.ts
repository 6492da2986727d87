import type { SandboxEvent } from "../store/resources.ts";
import type { Condition, Subscription, Webhook, WebhookFilter } from "./model.ts";

/** True if one of the webhook's subscriptions takes the event. */
export function subscribes(webhook: Webhook, event: SandboxEvent): boolean {
  return webhook.subscriptions.some(
    ({ eventType, filter }) => eventType === event.event_type && passes(filter, event),
  );
}

/** What two subscriptions that Attio takes for equal have in common: order matters nowhere, null is an empty `$and`. */
export function subscriptionKey(targetUrl: string, { eventType, filter }: Subscription): string {
  const [operator, conditions] = partsOf(filter);
  const texts = conditions.map(({ field, operator: is, value }) => JSON.stringify([field, is, value])).sort();
  return JSON.stringify([targetUrl, eventType, operator, texts]);
}

/** The conditions of a filter. */
export function conditionsOf(filter: WebhookFilter): readonly Condition[] {
  return partsOf(filter)[1];
}

function passes(filter: WebhookFilter, event: SandboxEvent): boolean {
  const [operator, conditions] = partsOf(filter);
  return operator === "$and"
    ? conditions.every((condition) => holds(condition, event))
    : conditions.some((condition) => holds(condition, event));
}

/** How `not_equals` takes an absent field isn't documented; here it holds. */
function holds({ field, operator, value }: Condition, event: SandboxEvent): boolean {
  let found: unknown = event;
  for (const key of field.split(".")) {
    found = typeof found === "object" && found !== null ? (found as Record<string, unknown>)[key] : undefined;
  }
  return (found === value) === (operator === "equals");
}

function partsOf(filter: WebhookFilter): ["$and" | "$or", readonly Condition[]] {
  if (filter === null) return ["$and", []];
  return "$and" in filter ? ["$and", filter.$and] : ["$or", filter.$or];
}
