/** Parts that a daemon may be split into: `web` takes webhooks, `worker` does the work, `scheduler` keeps the schedules. */
export const ROLES = ["web", "worker", "scheduler"] as const;

export type Role = (typeof ROLES)[number];
