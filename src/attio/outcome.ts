import {
  AttioApiError,
  AttioNetworkError,
  AttioRateLimitError,
  AttioServerError,
  AttioTimeoutError,
} from "./errors.ts";
import type { AttemptOutcome } from "./hooks.ts";

/** Names what came of an attempt, for metrics and logs; `error` is what it threw, undefined if it did not. */
export function outcomeOf(error: unknown, signal: AbortSignal | undefined): AttemptOutcome {
  if (error === undefined) return "success";
  if (signal?.aborted === true) return "aborted";
  if (error instanceof AttioRateLimitError) return "rate_limited";
  if (error instanceof AttioServerError) return "server_error";
  if (error instanceof AttioApiError) return "refused";
  if (error instanceof AttioTimeoutError) return "timeout";
  if (error instanceof AttioNetworkError) return "network_error";
  return "bad_answer";
}
