export { startSandbox, type Sandbox, type SandboxOptions } from "./sandbox.ts";
export { DEFAULT_SEED, seedStore, type SeedOptions } from "./seed/seed.ts";
export { seedLarge, type LargeOptions } from "./seed/large.ts";
export { SandboxError } from "./support/errors.ts";
export { createStore, type SandboxStore } from "./store/store.ts";
export { memberActor, SYSTEM, type Quirks, type StoreOptions, type WriteOptions } from "./store/state.ts";
export type { Actor, Attribute, Choice, Interval, Item, ListDef, ObjectDef, Slot } from "./store/model.ts";
export type {
  Comment,
  Meeting,
  Member,
  Note,
  Recording,
  SandboxEvent,
  StoredFile,
  Task,
  Thread,
} from "./store/resources.ts";
export type { AttributeInput, AttributePatch, ChoicePatch } from "./store/attributes.ts";
export type { Values } from "./store/write-values.ts";
export type { Fault, FaultHandle, Faults, Misbehaviour } from "./http/faults.ts";
export type { RefusalCode } from "./http/refusals.ts";
export { ATTIO_RATE_LIMIT, type Limits, type RateLimit, type ScoreLimit } from "./http/limits.ts";
export type { LoggedRequest, RequestFilter, RequestLog } from "./http/log.ts";
export type { RequestObserver } from "./http/server.ts";
export { ALL_SCOPES, type Token, type Tokens } from "./http/tokens.ts";
export type { Attempt, Delivery, Subscription, Webhook, WebhookFilter } from "./webhooks/model.ts";
export { EVENT_TYPES } from "./webhooks/model.ts";
export type { DeliveryFault, DeliveryFaultHandle, DeliveryFaults } from "./webhooks/faults.ts";
export type { WebhookSettings } from "./webhooks/settings.ts";
export type { Webhooks } from "./webhooks/webhooks.ts";
export { createColleagues, type Colleagues, type ColleaguesOptions } from "./colleagues/colleagues.ts";
