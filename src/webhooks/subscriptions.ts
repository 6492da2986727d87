import { WEBHOOK_EVENT_TYPES, type WebhookFilter, type WebhookSubscription } from "../attio/index.ts";
import { isJsonObject } from "../lib/json.ts";

/** What is subscribed to, as Attio tells it. */
export interface FoundSubscription {
  readonly event_type: string;
  readonly filter?: unknown;
}

/**
 * Every event type that Attio has, since events are doorbells and a missed one costs freshness.
 *
 * @param hideOwnWrites id of the actor whose changes are not announced; null = all are
 */
export function buildSubscriptions(hideOwnWrites: string | null): WebhookSubscription[] {
  const filter: WebhookFilter =
    hideOwnWrites === null
      ? null
      : { $and: [{ field: "actor.id", operator: "not_equals", value: hideOwnWrites }] };
  return WEBHOOK_EVENT_TYPES.map((event_type) => ({ event_type, filter }));
}

/** Whether two sets of subscriptions are the same to Attio: order matters nowhere, null is an empty `$and` (spec of "Create a webhook"). */
export function sameSubscriptions(
  one: readonly FoundSubscription[],
  other: readonly FoundSubscription[],
): boolean {
  const keys = keysOf(one);
  const others = keysOf(other);
  return keys.size === others.size && [...keys].every((key) => others.has(key));
}

function keysOf(subscriptions: readonly FoundSubscription[]): Set<string> {
  return new Set(
    subscriptions.map(({ event_type, filter }) => JSON.stringify([event_type, ...filterKey(filter)])),
  );
}

function filterKey(filter: unknown): unknown[] {
  if (!isJsonObject(filter)) return ["$and", []];
  const operator = "$or" in filter ? "$or" : "$and";
  const conditions: unknown = filter[operator];
  return [operator, Array.isArray(conditions) ? conditions.map(conditionKey).toSorted() : []];
}

function conditionKey(condition: unknown): string {
  if (!isJsonObject(condition)) return JSON.stringify(condition);
  return JSON.stringify([condition["field"], condition["operator"], condition["value"]]);
}
