import { setMaxListeners } from "node:events";
import type { Dispatcher } from "undici";
import { throwIfAborted } from "../lib/abort.ts";
import { buildApiError } from "./api-error.ts";
import { BodyError } from "./body-error.ts";
import { textBody, type BodySink } from "./body.ts";
import type { Budget, RequestKind } from "./budget.ts";
import { AttioError, AttioRateLimitError, AttioSchemaError, type RequestPlace } from "./errors.ts";
import { exchange, type AnswerHeaders } from "./exchange.ts";
import { Gate } from "./gate.ts";
import type { AttemptInfo, Observer } from "./hooks.ts";
import { outcomeOf } from "./outcome.ts";
import { RateLane } from "./rate-lane.ts";
import { QueryLimiter, type QueryPermit } from "./query-limiter.ts";
import { parseRetryAfter } from "./retry-after.ts";
import { isRetryable, retryDelayMs, type RetryPolicy } from "./retry.ts";
import type { ApiRequest, RequestOptions } from "./requests.ts";
import { fillRoute, queryString } from "./route.ts";
import { ServerClock } from "./server-clock.ts";

/** What the transport runs on. */
export interface TransportDeps {
  readonly dispatcher: Dispatcher;
  readonly budget: Budget;
  readonly observer: Observer;
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
  readonly random: () => number;
  readonly now: () => number;
}

export interface TransportOptions {
  /** Origin, and a path prefix if any. */
  readonly baseUrl: URL;
  readonly token: string;
  readonly timeoutMs: number;
  readonly retry: RetryPolicy;
  /** How many reads, and apart from them how many writes, are on the wire at a time. */
  readonly concurrency: number;
}

/** What is left to others of an endpoint's own limit. */
const ENDPOINT_SHARE = 0.8;

/** Wait without a word of Attio's how long. */
const UNNAMED_PAUSE_MS = 250;

interface Attempt<T> {
  readonly request: ApiRequest<T>;
  readonly options: RequestOptions;
  readonly place: RequestPlace;
  readonly info: AttemptInfo;
  readonly target: string;
}

interface Head {
  status: number | null;
  executionId: string | null;
  queryScore: number | null;
  bytes: number;
}

/** Sends operations: budget, concurrency, retries, errors, observation. */
export class Transport {
  readonly clock = new ServerClock();
  readonly queries = new QueryLimiter();
  readonly #deps: TransportDeps;
  readonly #options: TransportOptions;
  readonly #gates: Record<RequestKind, Gate>;
  readonly #prefix: string;
  readonly #lanes = new Map<string, RateLane>();

  constructor(deps: TransportDeps, options: TransportOptions) {
    this.#deps = deps;
    this.#options = options;
    this.#prefix = options.baseUrl.pathname.replace(/\/+$/, "");
    const reserved = options.concurrency > 2 ? 2 : 0;
    // Apart, because writes that wait for their slower budget would otherwise hold up the reads.
    this.#gates = {
      read: new Gate(() => options.concurrency, { reserved }),
      write: new Gate(() => options.concurrency, { reserved }),
    };
  }

  /** Runs one operation to its end. Throws an AttioError, or the signal's reason. */
  async send<T>(request: ApiRequest<T>, options: RequestOptions = {}): Promise<T> {
    // A daemon's one signal stands behind hundreds of calls at a time; Node would take that for a leak.
    if (options.signal) setMaxListeners(0, options.signal);
    const path = fillRoute(request.route, request.params);
    const target = this.#prefix + path + queryString(request.query);
    const base = { method: request.method, route: request.route, kind: request.kind };
    const info = { ...base, priority: options.priority ?? "interactive" };
    for (let attempt = 1; ; attempt += 1) {
      const place = { method: request.method, path, attempt };
      try {
        return await this.#attempt({ request, options, place, info: { ...info, attempt }, target });
      } catch (error) {
        throwIfAborted(options.signal);
        const { retryConflicts = true } = options;
        const mayRetry = isRetryable(error, { idempotent: request.idempotent, retryConflicts });
        if (attempt >= this.#options.retry.attempts || !mayRetry) throw error;
        await this.#backOff(error, { path, info: { ...info, attempt } }, options.signal);
      }
    }
  }

  async #backOff(error: unknown, { path, info }: { path: string; info: AttemptInfo }, signal?: AbortSignal) {
    const floorMs =
      error !== null && typeof error === "object" && "retryAfterMs" in error ? error.retryAfterMs : 0;
    const delayMs = retryDelayMs(info.attempt, this.#options.retry, {
      floorMs: typeof floorMs === "number" ? floorMs : 0,
      random: this.#deps.random,
    });
    this.#deps.observer.retry(path, {
      ...info,
      delayMs,
      code: error instanceof AttioError ? error.code : "unknown",
    });
    await this.#deps.sleep(delayMs, signal);
  }

  /** Waits for a place among the queries, the endpoint's own limit, a place on the wire and the budget, in this order, and sends. */
  async #attempt<T>(attempt: Attempt<T>): Promise<T> {
    const { request, options } = attempt;
    const { priority } = attempt.info;
    let outcome: Parameters<QueryPermit["release"]>[0] = "other";
    const permit = request.scored === true ? await this.queries.acquire(priority, options.signal) : undefined;
    try {
      // Before the wire: whoever waits for a slow endpoint must not keep others off it.
      await this.#laneOf(request)?.acquire(priority, options.signal);
      const leaveWire = await this.#gates[request.kind].acquire(priority, options.signal);
      try {
        await this.#deps.budget.acquire(request.kind, {
          priority,
          ...(options.signal && { signal: options.signal }),
        });
        throwIfAborted(options.signal);
        await options.onSend?.();
        const value = await this.#observed(attempt);
        outcome = "success";
        return value;
      } finally {
        leaveWire();
      }
    } catch (error) {
      if (error instanceof AttioRateLimitError) {
        outcome = "rate_limited";
        await this.#pause(error.retryAfterMs);
      }
      throw error;
    } finally {
      permit?.release(outcome);
    }
  }

  #laneOf({ method, route, limitPerSecond }: ApiRequest<unknown>): RateLane | undefined {
    if (limitPerSecond === undefined) return undefined;
    const key = `${method} ${route}`;
    const lane = this.#lanes.get(key) ?? new RateLane(limitPerSecond * ENDPOINT_SHARE);
    this.#lanes.set(key, lane);
    return lane;
  }

  async #pause(retryAfterMs: number): Promise<void> {
    const pauseMs = retryAfterMs > 0 ? retryAfterMs : UNNAMED_PAUSE_MS * (1 + this.#deps.random());
    await this.#deps.budget.pauseUntil(this.#deps.now() + pauseMs);
  }

  async #observed<T>(attempt: Attempt<T>): Promise<T> {
    const { info, place, options } = attempt;
    const head: Head = { status: null, executionId: null, queryScore: null, bytes: 0 };
    const startedAt = performance.now();
    const finish = (error?: unknown) => {
      const outcome = outcomeOf(error, options.signal);
      this.#deps.observer.response(place.path, {
        ...info,
        ...head,
        outcome,
        durationMs: performance.now() - startedAt,
      });
    };
    this.#deps.observer.request(place.path, info);
    try {
      const value = await this.#exchange(attempt, head);
      finish();
      return value;
    } catch (error) {
      const typed = error instanceof BodyError ? schemaError(error, place, head.executionId) : error;
      finish(typed);
      throw typed;
    }
  }

  async #exchange<T>({ request, options, place, target }: Attempt<T>, head: Head): Promise<T> {
    const sentAt = this.#deps.now();
    let retryAfterMs = 0;
    const { status, value } = await exchange<Reading<T>>(this.#deps.dispatcher, {
      place,
      origin: this.#options.baseUrl.origin,
      target,
      headers: { ...this.#headers(), ...contentHeaders(request) },
      body: request.payload?.open() ?? (request.body === undefined ? null : JSON.stringify(request.body)),
      timeoutMs: options.timeoutMs ?? request.timeoutMs ?? this.#options.timeoutMs,
      signal: options.signal,
      onBytes: (count) => void (head.bytes += count),
      sinkFor: (answerStatus, headers) => {
        const receivedAt = this.#deps.now();
        this.clock.observe(text(headers.date), { sentAt, receivedAt });
        readHead(head, answerStatus, headers);
        retryAfterMs = parseRetryAfter(text(headers["retry-after"]), {
          dateHeader: text(headers.date),
          nowMs: receivedAt,
        });
        return sinkForStatus(answerStatus, headers, request);
      },
    });
    if (value.kind === "value") return value.value;
    throw buildApiError({ status, body: value.text, executionId: head.executionId, retryAfterMs }, place);
  }

  #headers(): Record<string, string> {
    return {
      authorization: `Bearer ${this.#options.token}`,
      accept: "application/json",
      "accept-encoding": "gzip, br",
      "user-agent": "attio-mirror",
    };
  }
}

type Reading<T> = { kind: "value"; value: T } | { kind: "error"; text: string };

function sinkForStatus<T>(
  status: number,
  headers: AnswerHeaders,
  { redirects = false, read }: ApiRequest<T>,
): BodySink<Reading<T>> {
  if (status >= 300 && status < 400 && !redirects)
    throw new BodyError("unexpected_status", `status ${status}`);
  if (status >= 400) {
    const sink = textBody();
    return { write: (chunk) => sink.write(chunk), end: () => ({ kind: "error", text: sink.end() }) };
  }
  const sink = read(status, headers);
  return { write: (chunk) => sink.write(chunk), end: () => ({ kind: "value", value: sink.end() }) };
}

function contentHeaders({ body, payload }: ApiRequest<unknown>): Record<string, string> {
  if (payload) {
    const length = payload.length === undefined ? {} : { "content-length": String(payload.length) };
    return { "content-type": payload.contentType, ...length };
  }
  return body ? { "content-type": "application/json" } : {};
}

function readHead(head: Head, status: number, headers: AnswerHeaders): void {
  head.status = status;
  head.executionId = text(headers["x-attio-execution-id"]) ?? null;
  const score = Number(text(headers["x-attio-record-query-score"]) ?? Number.NaN);
  head.queryScore = Number.isFinite(score) ? score : null;
}

function schemaError(error: BodyError, place: RequestPlace, executionId: string | null): AttioSchemaError {
  return new AttioSchemaError(error.fault, error.message, place, { executionId, paths: error.paths });
}

function text(header: string | string[] | undefined): string | undefined {
  return typeof header === "string" ? header : header?.[0];
}
