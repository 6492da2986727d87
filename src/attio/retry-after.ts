/** RFC 9110's preferred date form. `Date.parse` alone would read "120" as the year 120. */
const HTTP_DATE = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;

/** No header may hold the client for longer; a limit that still stands answers with the next 429. */
const MAX_WAIT_MS = 60_000;

/**
 * How long to wait, in milliseconds, by a `Retry-After` header. Attio sends an HTTP date (docs: "Rate limiting"), measured
 * here against the answer's own `Date`, so that skewed clocks don't matter; whole seconds, as an edge may send, are read too.
 * Returns 0 for what is past, missing or unreadable: the backoff's own jittered delay then stands alone.
 */
export function parseRetryAfter(
  retryAfter: string | undefined,
  { dateHeader, nowMs }: { dateHeader: string | undefined; nowMs: number },
): number {
  if (retryAfter === undefined) return 0;
  const value = retryAfter.trim();
  if (/^\d{1,6}$/.test(value)) return Math.min(Number(value) * 1000, MAX_WAIT_MS);
  const until = parseHttpDate(value);
  if (until === undefined) return 0;
  const serverNow = parseHttpDate(dateHeader) ?? nowMs;
  return Math.min(Math.max(0, until - serverNow), MAX_WAIT_MS);
}

/** Milliseconds since the epoch of an HTTP date (second resolution); undefined for anything else. */
export function parseHttpDate(value: string | undefined): number | undefined {
  if (value === undefined || !HTTP_DATE.test(value)) return undefined;
  const ms = Date.parse(value);
  return Number.isNaN(ms) ? undefined : ms;
}
