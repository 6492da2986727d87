import {
  AttioApiError,
  AttioConcurrentWriteError,
  AttioNetworkError,
  AttioRateLimitError,
  AttioSchemaError,
  AttioServerError,
  AttioTimeoutError,
} from "./errors.ts";

/** How often and how patiently a request is tried again. */
export interface RetryPolicy {
  /** All attempts, the first included. */
  readonly attempts: number;
  readonly minDelayMs: number;
  readonly maxDelayMs: number;
}

export const DEFAULT_RETRY: RetryPolicy = { attempts: 6, minDelayMs: 250, maxDelayMs: 20_000 };

/**
 * Whether the same request may be sent again after `error`. A 429 was never processed (docs: "Rate limiting"), and what was surely
 * not sent can't have taken effect; everything else is repeated only if repeating does no harm (`idempotent`). A conflict of
 * concurrent writes left nothing behind, but what was decided on an older reading may be wrong by now (`retryConflicts`).
 */
export function isRetryable(
  error: unknown,
  { idempotent, retryConflicts }: { idempotent: boolean; retryConflicts: boolean },
): boolean {
  if (error instanceof AttioRateLimitError) return true;
  if (error instanceof AttioConcurrentWriteError) return retryConflicts;
  if (error instanceof AttioNetworkError || error instanceof AttioTimeoutError) {
    return idempotent || error.sent === "no";
  }
  if (!idempotent) return false;
  if (error instanceof AttioServerError) return true;
  if (error instanceof AttioApiError) return error.status === 408;
  return error instanceof AttioSchemaError && (error.code === "truncated" || error.code === "not_json");
}

/**
 * Milliseconds before the attempt after `attempt` (counted from 1): exponential, half of it random, and never less than what
 * the server asked for in `floorMs`. `random` gives [0, 1).
 */
export function retryDelayMs(
  attempt: number,
  { minDelayMs, maxDelayMs }: RetryPolicy,
  { floorMs, random }: { floorMs: number; random: () => number },
): number {
  const ceiling = Math.min(maxDelayMs, minDelayMs * 2 ** (attempt - 1));
  const backoff = ceiling / 2 + (random() * ceiling) / 2;
  return floorMs > 0 ? Math.max(backoff, floorMs + random() * minDelayMs) : backoff;
}
