import { AttioApiError, type AttioErrorCode } from "../../attio/index.ts";

/** What becomes of the changes of a row that could not be pushed. */
export type Outcome =
  /** Tried again, ever more slowly. */
  | "retry"
  /** Nothing was applied: the row is read again, decided anew and sent again at once. */
  | "read_again"
  /** Waits while Attio has no record that the changes name, since a merge may not be known yet; else as `refresh_schema`. */
  | "check_references"
  /** The schema is read again: tried anew if that changed the stream's plan, else refused. */
  | "refresh_schema"
  /** All rows of the stream wait: Attio refuses every write of it alike until somebody mends that. */
  | "pause_stream"
  /** A conflict: somebody mends what is in Attio, or decides. */
  | "repair"
  /** Failed: sent again, it would be refused again. */
  | "refuse";

/** What a code of Attio's comes to, whatever its status. */
export const OUTCOMES: Readonly<Record<AttioErrorCode, Outcome>> = {
  billing_error: "pause_stream",
  concurrent_write_conflict: "read_again",
  duplicate_values: "refuse",
  filter_error: "refuse",
  formula_edit_unauthorized: "refuse",
  immutable_value: "refuse",
  invalid_filter_field: "refresh_schema",
  invalid_filter_operator: "refresh_schema",
  limit_reached: "refuse",
  matching_attribute_definition_not_unique: "refresh_schema",
  merge_in_progress: "retry",
  missing_value: "refuse",
  multiple_match_results: "repair",
  multiple_values_for_single_value_attribute: "refresh_schema",
  not_found: "check_references",
  particle_gate_violation: "pause_stream",
  quota_exceeded: "pause_stream",
  rate_limit_exceeded: "retry",
  self_merge: "refuse",
  slug_conflict: "refuse",
  standard_object_disabled: "pause_stream",
  system_edit_unauthorized: "refuse",
  unauthorized: "pause_stream",
  uniqueness_conflict: "refuse",
  unknown_filter_attribute_slug: "refresh_schema",
  validation_type: "refuse",
  value_not_found: "check_references",
};

/** Statuses by which a proxy in between says nothing of the change itself, which Attio did not see. */
const TRANSIENT_STATUSES: ReadonlySet<number> = new Set([403, 404, 407, 409, 425]);

/**
 * Decides what becomes of changes whose push failed, by Attio's code: `uniqueness_conflict` and `concurrent_write_conflict` may
 * have one status. The status decides only where there is no code, or none that is known. Pure.
 */
export function decideOutcome(error: unknown): Outcome {
  // Without an answer nobody knows; whatever was sent is looked for first.
  if (!(error instanceof AttioApiError)) return "retry";
  const { code, status } = error;
  if (isKnown(code)) return OUTCOMES[code];
  if (status >= 500 || status === 408 || status === 429) return "retry";
  if (status === 401) return "pause_stream";
  return code === `http_${status}` && TRANSIENT_STATUSES.has(status) ? "retry" : "refuse";
}

function isKnown(code: string): code is AttioErrorCode {
  return Object.hasOwn(OUTCOMES, code);
}
