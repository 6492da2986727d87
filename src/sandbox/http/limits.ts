import { SandboxError } from "../support/errors.ts";

/** Requests allowed in a second (docs page "Rate limiting": 100 reads, 25 writes). */
export interface RateLimit {
  readsPerSecond: number;
  writesPerSecond: number;
}

/** What the docs name. */
export const ATTIO_RATE_LIMIT: RateLimit = { readsPerSecond: 100, writesPerSecond: 25 };

/** Ceilings on query complexity; Attio publishes no numbers. */
export interface ScoreLimit {
  /** A query above it is refused however long one waits. */
  perQuery: number;
  /** The sum over ten sliding seconds. */
  per10Seconds: number;
}

/** The limits in force; both can be changed while the sandbox runs. */
export interface Limits {
  rate: RateLimit | "off";
  score: ScoreLimit | "off";
  /** Counts a request. Throws 429 when the second's budget is used up. */
  countRequest(kind: "read" | "write"): void;
  /** Counts a request to an endpoint with a budget of its own. Throws 429. */
  countEndpoint(endpoint: string, perSecond: number): void;
  /** Counts a query's score. Throws 429. */
  countScore(score: number): void;
}

const SCORE_WINDOW_MS = 10_000;

/** Creates limits. The clock gives milliseconds. */
export function createLimits(
  rate: Limits["rate"],
  score: Limits["score"],
  now: () => number = Date.now,
): Limits {
  const used = { second: 0, read: 0, write: 0 };
  const endpoints = new Map<string, { second: number; count: number }>();
  let scores: { at: number; score: number }[] = [];
  return {
    rate,
    score,
    countRequest(kind) {
      if (this.rate === "off") return;
      const second = Math.floor(now() / 1000);
      if (used.second !== second) Object.assign(used, { second, read: 0, write: 0 });
      const budget = kind === "read" ? this.rate.readsPerSecond : this.rate.writesPerSecond;
      if (used[kind] >= budget) throw tooMany((second + 1) * 1000);
      used[kind]++;
    },
    countEndpoint(endpoint, perSecond) {
      if (this.rate === "off") return;
      const second = Math.floor(now() / 1000);
      const last = endpoints.get(endpoint);
      const count = last?.second === second ? last.count : 0;
      if (count >= perSecond) throw tooMany((second + 1) * 1000);
      endpoints.set(endpoint, { second, count: count + 1 });
    },
    countScore(value) {
      if (this.score === "off") return;
      if (value > this.score.perQuery) throw tooMany(now());
      scores = scores.filter((one) => one.at > now() - SCORE_WINDOW_MS);
      const sum = scores.reduce((total, one) => total + one.score, value);
      const [oldest] = scores;
      if (sum > this.score.per10Seconds) throw tooMany((oldest?.at ?? now()) + SCORE_WINDOW_MS);
      scores.push({ at: now(), score: value });
    },
  };
}

/** `Retry-After` is an HTTP date, usually the next clock second. */
function tooMany(retryAtMs: number): SandboxError {
  const retryAt = new Date(Math.ceil(retryAtMs / 1000) * 1000).toUTCString();
  return new SandboxError(429, "rate_limit_exceeded", "Rate limit exceeded, please try again later", {
    type: "rate_limit_error",
    headers: { "retry-after": retryAt },
  });
}
