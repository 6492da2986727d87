import { Agent } from "undici";
import type { SandboxEvent } from "../store/resources.ts";
import type { DeliveryFaults } from "./faults.ts";
import { subscribes } from "./filter.ts";
import type { Delivery, Webhook } from "./model.ts";
import { createPacer, type Pacer } from "./pacer.ts";
import { isSuccess, post } from "./send.ts";
import type { WebhookSettings } from "./settings.ts";

/** What deliveries depend on. */
export interface DelivererParts {
  readonly webhooks: ReadonlyMap<string, Webhook>;
  readonly settings: WebhookSettings;
  readonly faults: DeliveryFaults;
  readonly nextKey: () => string;
}

/** A delivery that a fault holds back until later ones have overtaken it. */
interface Held {
  left: number;
  readonly start: () => void;
}

/** Without later ones, a delivery held back is sent after this time. */
const HOLD_MS = 1000;
const CONNECTIONS = 32;

/** Sends events to webhooks: one event a delivery, signed, paced per target, retried with growing pauses. */
export class Deliverer {
  /** Every delivery so far, oldest first. */
  readonly deliveries: Delivery[] = [];
  readonly #parts: DelivererParts;
  readonly #agent = new Agent({ connections: CONNECTIONS });
  readonly #pacers = new Map<string, Pacer>();
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #held = new Set<Held>();
  readonly #gathered: Delivery[] = [];
  readonly #waiters: (() => void)[] = [];
  #isPaused = false;
  #isStopped = false;
  #pending = 0;

  constructor(parts: DelivererParts) {
    this.#parts = parts;
  }

  /** Sends an event to every webhook that subscribes to it. */
  publish(event: SandboxEvent): void {
    const { webhooks, settings, nextKey } = this.#parts;
    for (const webhook of webhooks.values()) {
      expire(webhook, settings.inactiveAfterMs);
      if (webhook.status === "inactive" || !subscribes(webhook, event)) continue;
      const delivery: Delivery = {
        key: nextKey(),
        webhookId: webhook.id,
        event,
        attempts: [],
        state: "pending",
      };
      this.deliveries.push(delivery);
      this.#pending++;
      if (this.#isPaused) this.#gathered.push(delivery);
      else this.#begin(delivery);
    }
  }

  /** While paused, deliveries gather. */
  setPaused(isPaused: boolean): void {
    this.#isPaused = isPaused;
    if (!isPaused) for (const delivery of this.#gathered.splice(0)) this.#begin(delivery);
  }

  /** Resolves once nothing is under way, retries included. */
  idle(): Promise<void> {
    if (this.#pending === 0) return Promise.resolve();
    return new Promise((resolve) => this.#waiters.push(resolve));
  }

  /** Drops what is under way. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    for (const timer of this.#timers) clearTimeout(timer);
    for (const pacer of this.#pacers.values()) pacer.stop();
    for (const waiter of this.#waiters.splice(0)) waiter();
    await this.#agent.destroy();
  }

  #begin(delivery: Delivery): void {
    const mishap = this.#parts.faults.take(delivery.event);
    if (mishap?.kind === "drop") this.#settle(delivery, "dropped");
    else if (mishap?.kind === "delay") this.#later(mishap.ms, () => this.#enqueue(delivery));
    else if (mishap?.kind === "reorder") this.#hold(delivery, mishap.behind ?? 1);
    else {
      const copies = mishap?.kind === "duplicate" ? (mishap.copies ?? 2) : 1;
      this.#pending += copies - 1;
      for (let copy = 0; copy < copies; copy++) this.#enqueue(delivery, mishap?.kind === "forge");
      this.#releaseHeld();
    }
  }

  #enqueue(delivery: Delivery, isForged = false): void {
    const webhook = this.#parts.webhooks.get(delivery.webhookId);
    if (webhook === undefined) {
      this.#settle(delivery, "dropped");
      return;
    }
    const pacer = this.#pacers.get(webhook.targetUrl) ?? createPacer(() => this.#parts.settings.perSecond);
    this.#pacers.set(webhook.targetUrl, pacer);
    pacer.add(() => void this.#attempt(delivery, 0, isForged));
  }

  async #attempt(delivery: Delivery, retry: number, isForged: boolean): Promise<void> {
    const { webhooks, settings } = this.#parts;
    const webhook = webhooks.get(delivery.webhookId);
    if (this.#isStopped) return;
    if (webhook === undefined || webhook.status === "inactive") {
      this.#settle(delivery, "dropped");
      return;
    }
    const body = JSON.stringify({ webhook_id: webhook.id, events: [delivery.event] });
    const secret = isForged ? `not-${webhook.secret}` : webhook.secret;
    const message = { targetUrl: webhook.targetUrl, secret, key: delivery.key, body };
    const result = await post(this.#agent, message, settings.timeoutMs);
    delivery.attempts.push(result);
    if (isSuccess(result)) {
      recover(webhook);
      this.#settle(delivery, "delivered");
    } else if (retry < settings.retries) {
      this.#later(
        settings.firstRetryMs * 2 ** retry,
        () => void this.#attempt(delivery, retry + 1, isForged),
      );
    } else {
      degrade(webhook);
      this.#settle(delivery, "failed");
    }
  }

  #settle(delivery: Delivery, state: Delivery["state"]): void {
    if (delivery.state !== "delivered") delivery.state = state;
    this.#pending--;
    if (this.#pending === 0) for (const waiter of this.#waiters.splice(0)) waiter();
  }

  #hold(delivery: Delivery, behind: number): void {
    const held: Held = { left: behind, start: () => this.#enqueue(delivery) };
    this.#held.add(held);
    this.#later(HOLD_MS, () => {
      if (this.#held.delete(held)) held.start();
    });
  }

  #releaseHeld(): void {
    for (const held of this.#held) {
      held.left--;
      if (held.left <= 0 && this.#held.delete(held)) held.start();
    }
  }

  #later(ms: number, job: () => void): void {
    if (this.#isStopped) return;
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      job();
    }, ms);
    this.#timers.add(timer);
  }
}

/** Turns a webhook inactive that has been degraded for too long. */
export function expire(webhook: Webhook, inactiveAfterMs: number): void {
  if (webhook.status !== "degraded" || webhook.degradedAtMs === undefined) return;
  if (Date.now() - webhook.degradedAtMs >= inactiveAfterMs) webhook.status = "inactive";
}

function degrade(webhook: Webhook): void {
  if (webhook.status !== "active") return;
  webhook.status = "degraded";
  webhook.degradedAtMs = Date.now();
}

/** What brings a degraded webhook back isn't documented; here a delivery that succeeds does. */
function recover(webhook: Webhook): void {
  if (webhook.status !== "degraded") return;
  webhook.status = "active";
  webhook.degradedAtMs = undefined;
}
