import { hasScope } from "../../attio/index.ts";

/** What the mirror does without a scope. */
export interface MissingScope {
  scope: string;
  /** What is not mirrored without it. */
  lost: string;
}

/** Scopes that reading takes, and what each is for (docs: "Authentication", and the scopes named at every endpoint). */
const READING: readonly MissingScope[] = [
  { scope: "object_configuration:read", lost: "objects, and with them all records" },
  { scope: "record_permission:read", lost: "records of all objects" },
  { scope: "list_configuration:read", lost: "lists, and with them all entries" },
  { scope: "list_entry:read", lost: "entries of all lists" },
  { scope: "user_management:read", lost: "workspace members" },
  { scope: "note:read", lost: "notes" },
  { scope: "task:read", lost: "tasks" },
  { scope: "comment:read", lost: "threads and comments" },
  { scope: "meeting:read", lost: "meetings" },
  { scope: "call_recording:read", lost: "call recordings" },
  { scope: "file:read", lost: "files" },
];

const WEBHOOK: MissingScope = {
  scope: "webhook:read-write",
  lost: "nothing, but changes arrive with the next scheduled backfill only",
};

/**
 * Scopes that a token lacks.
 *
 * @param granted the token's `scope`, as `/v2/self` gives it
 * @param options `webhook`: whether a webhook is to be registered
 */
export function missingScopes(granted: string, { webhook }: { webhook: boolean }): MissingScope[] {
  return [...READING, ...(webhook ? [WEBHOOK] : [])].filter(({ scope }) => {
    const [resource = "", access = "read"] = scope.split(":");
    return !hasScope(granted, resource, access === "read" ? "read" : "read-write");
  });
}
