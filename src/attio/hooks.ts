import type { RequestKind } from "./budget.ts";
import type { Priority } from "./waiters.ts";

/** One attempt of a request. Free of secrets and of customers' values. */
export interface AttemptInfo {
  readonly method: string;
  /** The path with its placeholders, e.g. `/v2/objects/{object}/records/query`: fit for a metric's label. */
  readonly route: string;
  readonly kind: RequestKind;
  readonly priority: Priority;
  /** Counted from 1. */
  readonly attempt: number;
}

/** How an attempt ended. */
export type AttemptOutcome =
  | "success"
  | "rate_limited"
  | "refused"
  | "server_error"
  | "network_error"
  | "timeout"
  | "bad_answer"
  | "aborted";

/** What came of an attempt. */
export interface AttemptResult extends AttemptInfo {
  readonly outcome: AttemptOutcome;
  /** Null if no answer came. */
  readonly status: number | null;
  readonly durationMs: number;
  /** Bytes of the answer's body as they came over the wire. */
  readonly bytes: number;
  readonly executionId: string | null;
  /** Attio's `x-attio-record-query-score`, when it is sent. */
  readonly queryScore: number | null;
}

/** A request is going to be tried again. */
export interface RetryInfo extends AttemptInfo {
  readonly delayMs: number;
  /** Code of the error that made it necessary. */
  readonly code: string;
}

/** Called synchronously around each attempt; what they throw is ignored. */
export interface ClientHooks {
  onRequest?(attempt: AttemptInfo): void;
  /** After every attempt, also one without an answer. */
  onResponse?(result: AttemptResult): void;
  onRetry?(retry: RetryInfo): void;
}

/** A line for a debug log: like the hooks' facts, with the real path (ids and slugs, never a query, a body or a header). */
export type LogEntry =
  | ({ readonly event: "request"; readonly path: string } & AttemptInfo)
  | ({ readonly event: "response"; readonly path: string } & AttemptResult)
  | ({ readonly event: "retry"; readonly path: string } & RetryInfo);

/** Tells hooks and log alike. */
export class Observer {
  readonly #hooks: ClientHooks;
  readonly #log: ((entry: LogEntry) => void) | undefined;

  constructor(hooks: ClientHooks = {}, log?: (entry: LogEntry) => void) {
    this.#hooks = hooks;
    this.#log = log;
  }

  request(path: string, info: AttemptInfo): void {
    quietly(() => this.#hooks.onRequest?.(info));
    quietly(() => this.#log?.({ event: "request", path, ...info }));
  }

  response(path: string, result: AttemptResult): void {
    quietly(() => this.#hooks.onResponse?.(result));
    quietly(() => this.#log?.({ event: "response", path, ...result }));
  }

  retry(path: string, info: RetryInfo): void {
    quietly(() => this.#hooks.onRetry?.(info));
    quietly(() => this.#log?.({ event: "retry", path, ...info }));
  }
}

/** A metric or a log line that fails must not fail the request. */
function quietly(tell: () => void): void {
  try {
    tell();
  } catch {
    // Nobody to tell.
  }
}
