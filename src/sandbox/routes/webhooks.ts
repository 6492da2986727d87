import { z } from "zod";
import { badRequest, invalidPayload } from "../support/errors.ts";
import { readData } from "../http/body.ts";
import { uuid, windowOf } from "../http/params.ts";
import { data, param, type Call, type Reply, type Route } from "../http/route.ts";
import type { JsonObject } from "../support/json.ts";
import type { State } from "../store/state.ts";
import { conditionsOf } from "../webhooks/filter.ts";
import { EVENT_TYPES, type Subscription, type Webhook } from "../webhooks/model.ts";
import type { Webhooks } from "../webhooks/webhooks.ts";

const MIN_PAGE = 10;
const condition = z.strictObject({
  field: z.string().min(1),
  operator: z.enum(["equals", "not_equals"]),
  value: z.string(),
});
/** The key must be present; null takes everything. */
const filter = z.union([
  z.null(),
  z.strictObject({ $and: z.array(condition) }),
  z.strictObject({ $or: z.array(condition) }),
]);
/** Attio demands https; a receiver on the same machine may do without. */
const targetUrl = z
  .string()
  .regex(/^(https:\/\/.|http:\/\/(127\.0\.0\.1|localhost|\[::1\])[:/])/, "Invalid URL");
const body = z.object({
  target_url: targetUrl,
  subscriptions: z.array(z.object({ event_type: z.enum(EVENT_TYPES), filter })),
});

/** Webhooks (docs page "Webhooks"). The secret is told once, by the answer to their creation. */
export function webhookRoutes(webhooks: Webhooks): Route[] {
  const one = "/v2/webhooks/:webhook";
  const read = { method: "GET", scopes: ["webhook:read"], kind: "read" } as const;
  const write = { scopes: ["webhook:read-write"], kind: "write" } as const;
  const idOf = (call: Call): string => uuid(param(call, "webhook"), "webhook_id");
  const answer = (call: Call, webhook: Webhook): Reply => data(wireWebhook(call.store.state, webhook));
  return [
    { ...read, url: "/v2/webhooks", handle: (call) => list(call, webhooks) },
    { ...read, url: one, handle: (call) => answer(call, webhooks.find(idOf(call))) },
    { ...write, method: "POST", url: "/v2/webhooks", handle: (call) => create(call, webhooks) },
    {
      ...write,
      method: "PATCH",
      url: one,
      handle: (call) => answer(call, update(call, webhooks, idOf(call))),
    },
    {
      ...write,
      method: "DELETE",
      url: one,
      handle: (call) => {
        webhooks.delete(idOf(call));
        return { body: {} };
      },
    },
  ];
}

/** Pages have at least ten webhooks, whatever is asked for. */
function list(call: Call, webhooks: Webhooks): Reply {
  const { limit, offset } = windowOf(call, "webhooks", MIN_PAGE, 100);
  if (limit < MIN_PAGE && call.maxPage.webhooks === undefined) {
    throw invalidPayload(["limit"], `Expected an integer from ${MIN_PAGE} to 100`, "Query");
  }
  const page = webhooks.list().slice(offset, offset + limit);
  return data(page.map((webhook) => wireWebhook(call.store.state, webhook)));
}

function create(call: Call, webhooks: Webhooks): Reply {
  const given = readData(call, body);
  const webhook = webhooks.create(given.target_url, subscriptionsOf(call, given.subscriptions));
  return data({ ...wireWebhook(call.store.state, webhook), secret: webhook.secret });
}

function update(call: Call, webhooks: Webhooks, id: string): Webhook {
  webhooks.find(id);
  const { target_url: url, subscriptions } = readData(call, body.partial());
  return webhooks.update(id, {
    ...(url !== undefined && { targetUrl: url }),
    ...(subscriptions !== undefined && { subscriptions: subscriptionsOf(call, subscriptions) }),
  });
}

type WireSubscriptions = z.infer<typeof body>["subscriptions"];

function subscriptionsOf(call: Call, given: WireSubscriptions): Subscription[] {
  for (const { field, operator, value } of given.flatMap((one) => conditionsOf(one.filter))) {
    const isUnknown = field === "id.list_id" && operator === "equals" && !call.store.state.lists.has(value);
    if (isUnknown) throw badRequest("validation_type", "Related list not found");
  }
  return given.map(({ event_type: eventType, filter: one }) => ({ eventType, filter: one }));
}

function wireWebhook(state: State, webhook: Webhook): JsonObject {
  return {
    id: { workspace_id: state.workspace.id, webhook_id: webhook.id },
    target_url: webhook.targetUrl,
    subscriptions: webhook.subscriptions.map(({ eventType, filter: one }) => ({
      event_type: eventType,
      filter: wireFilter(one),
    })),
    status: webhook.status,
    created_at: webhook.createdAt,
  };
}

function wireFilter(given: Subscription["filter"]): JsonObject | null {
  if (given === null) return null;
  const conditions = conditionsOf(given).map((one): JsonObject => ({ ...one }));
  return "$and" in given ? { $and: conditions } : { $or: conditions };
}
