import { createHash } from "node:crypto";
import { conflict, notFound } from "../support/errors.ts";
import type { SandboxEvent } from "../store/resources.ts";
import type { State } from "../store/state.ts";
import { Deliverer, expire } from "./deliverer.ts";
import { createDeliveryFaults, type DeliveryFaults } from "./faults.ts";
import { subscriptionKey } from "./filter.ts";
import type { Delivery, Subscription, Webhook } from "./model.ts";
import { WEBHOOK_SETTINGS, type WebhookSettings } from "./settings.ts";

/** The webhooks of the workspace and what is sent to them. */
export interface Webhooks {
  /** Can be changed at any time. */
  readonly settings: WebhookSettings;
  readonly faults: DeliveryFaults;
  /** Every delivery so far, oldest first. */
  readonly deliveries: readonly Delivery[];
  list(): Webhook[];
  /** Throws 404. */
  find(id: string): Webhook;
  /** Throws 409 `uniqueness_conflict` for a subscription that exists. */
  create(targetUrl: string, subscriptions: readonly Subscription[]): Webhook;
  /** Throws 404, 409. */
  update(id: string, patch: { targetUrl?: string; subscriptions?: readonly Subscription[] }): Webhook;
  /** Throws 404. */
  delete(id: string): void;
  /** Plays a status, as if deliveries had failed for days. Throws 404. */
  setStatus(id: string, status: Webhook["status"]): void;
  /** Sends an event that nothing in the store gave rise to. */
  publish(event: SandboxEvent): void;
  /** While paused, deliveries gather. */
  setPaused(isPaused: boolean): void;
  /** Resolves once nothing is under way, retries included. */
  idle(): Promise<void>;
  stop(): Promise<void>;
}

/** Creates the webhooks of a workspace and has them told of every event of its store. */
export function createWebhooks(state: State, options: Partial<WebhookSettings> = {}): Webhooks {
  const settings = { ...WEBHOOK_SETTINGS, ...options };
  const webhooks = new Map<string, Webhook>();
  const faults = createDeliveryFaults();
  const nextKey = (): string => state.random.uuid();
  const deliverer = new Deliverer({ webhooks, settings, faults, nextKey });
  const publish = (event: SandboxEvent): void => deliverer.publish(event);
  state.listeners.add(publish);

  function find(id: string): Webhook {
    const webhook = webhooks.get(id);
    if (webhook === undefined) throw notFound("Webhook not found");
    expire(webhook, settings.inactiveAfterMs);
    return webhook;
  }

  return {
    settings,
    faults,
    find,
    deliveries: deliverer.deliveries,
    publish,
    setPaused: (isPaused) => deliverer.setPaused(isPaused),
    idle: () => deliverer.idle(),
    list: () => [...webhooks.keys()].map(find),
    create(targetUrl, subscriptions) {
      assertUnique([...webhooks.values()], targetUrl, subscriptions);
      const id = state.random.uuid();
      const secret = createHash("sha256").update(state.random.uuid()).digest("hex");
      const rest = { targetUrl, subscriptions, status: "active", degradedAtMs: undefined } as const;
      const webhook: Webhook = { id, secret, createdAt: state.now(), ...rest };
      webhooks.set(id, webhook);
      return webhook;
    },
    update(id, patch) {
      const webhook = find(id);
      const next = { ...webhook, ...patch };
      const others = [...webhooks.values()].filter((one) => one !== webhook);
      assertUnique(others, next.targetUrl, next.subscriptions);
      return Object.assign(webhook, patch);
    },
    delete(id) {
      webhooks.delete(find(id).id);
    },
    setStatus(id, status) {
      Object.assign(find(id), { status, degradedAtMs: status === "degraded" ? Date.now() : undefined });
    },
    stop() {
      state.listeners.delete(publish);
      return deliverer.stop();
    },
  };
}

/** Target, event type and filter must be unique in the workspace, and inside one request. */
function assertUnique(
  others: readonly Webhook[],
  targetUrl: string,
  subscriptions: readonly Subscription[],
): void {
  const taken = new Set(
    others.flatMap((one) => one.subscriptions.map((each) => subscriptionKey(one.targetUrl, each))),
  );
  for (const subscription of subscriptions) {
    const key = subscriptionKey(targetUrl, subscription);
    if (taken.has(key)) {
      throw conflict(
        "uniqueness_conflict",
        "A webhook with the same target URL, event type and filter exists.",
      );
    }
    taken.add(key);
  }
}
