export * from "./catalog.ts";
export * from "./history.ts";
export * from "./outbox.ts";
export * from "./resources.ts";
export * from "./schemas.ts";
export * from "./sync-state.ts";
export * from "./webhooks.ts";
