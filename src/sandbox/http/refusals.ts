import type { ErrorType } from "../support/errors.ts";
import type { JsonObject } from "../support/json.ts";

interface Refusal {
  status: number;
  type?: ErrorType;
  message: string;
}

/** Refusals that nothing in the sandbox gives rise to, or only by chance (docs: "Errors" of each endpoint). */
const REFUSALS = {
  concurrent_write_conflict: {
    status: 409,
    message:
      "The record was modified by another request while this write was being validated. Please try again.",
  },
  merge_in_progress: { status: 400, message: "The record is being merged. Please try again later." },
  particle_gate_violation: { status: 400, message: "This write is not available to the workspace." },
  standard_object_disabled: {
    status: 400,
    message: "The Standard object must be enabled by a Workspace admin before it can be used.",
  },
  matching_attribute_definition_not_unique: {
    status: 400,
    message: "The matching attribute is not unique.",
  },
  limit_reached: { status: 400, message: "A limit was reached." },
  quota_exceeded: { status: 403, type: "auth_error", message: "The quota of the plan is used up." },
  billing_error: { status: 403, type: "auth_error", message: "The plan does not include this." },
  unauthorized: { status: 403, type: "auth_error", message: "The token lacks a scope." },
} satisfies Record<string, Refusal>;

/** A code that a fault can ask for, such as `concurrent_write_conflict`. */
export type RefusalCode = keyof typeof REFUSALS;

/** What Attio answers with this code, e.g. 409 `{ status_code: 409, code: "concurrent_write_conflict", … }`. Pure. */
export function refusal(code: RefusalCode): { status: number; body: JsonObject } {
  const { status, message, type = "invalid_request_error" }: Refusal = REFUSALS[code];
  return { status, body: { status_code: status, type, code, message } };
}
