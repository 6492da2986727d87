import type { Readable } from "node:stream";
import type { JsonObject } from "../lib/json.ts";
import { ignoredBody, type BodySink } from "./body.ts";
import type { RequestKind } from "./budget.ts";
import { AttioNotFoundError } from "./errors.ts";
import type { AnswerHeaders } from "./exchange.ts";
import type { QueryParams, RouteParams } from "./route.ts";
import type { Priority } from "./waiters.ts";

/** Options of every call. */
export interface RequestOptions {
  /** Aborts the call wherever it is: waiting, sending, reading, or between attempts. */
  readonly signal?: AbortSignal | undefined;
  /** Default "interactive". */
  readonly priority?: Priority | undefined;
  /** Awaited before every attempt, once the budget granted it and just before its bytes are sent. */
  readonly onSend?: (() => Promise<void> | void) | undefined;
  /** Milliseconds for each attempt; default the client's. */
  readonly timeoutMs?: number | undefined;
  /**
   * Whether a write that Attio dropped as `concurrent_write_conflict` is sent again as it is; default true. Set it to false to
   * read the record again first.
   */
  readonly retryConflicts?: boolean | undefined;
}

/** One operation of the API. */
export interface ApiRequest<T> {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly route: string;
  readonly params?: RouteParams;
  readonly query?: QueryParams;
  readonly body?: JsonObject;
  /** Instead of `body`. */
  readonly payload?: Payload;
  readonly kind: RequestKind;
  /** Whether sending it twice has the effect of sending it once. */
  readonly idempotent: boolean;
  /** A record or entry query, whose number at a time adapts to Attio's score limits. */
  readonly scored?: boolean;
  /** The endpoint's own limit where it has one; each client keeps a fifth below it. */
  readonly limitPerSecond?: number;
  /** Whether a redirect is an answer, read like any other. */
  readonly redirects?: boolean;
  /** For this operation instead of the client's. */
  readonly timeoutMs?: number;
  readonly read: (status: number, headers: AnswerHeaders) => BodySink<T>;
}

/** A body other than JSON, opened anew for each attempt. */
export interface Payload {
  readonly contentType: string;
  /** Bytes, when it is known. */
  readonly length: number | undefined;
  readonly open: () => Readable;
}

/** What resources need of the transport. */
export interface Api {
  send<T>(request: ApiRequest<T>, options?: RequestOptions): Promise<T>;
}

type Reading<T> = Pick<ApiRequest<T>, "params" | "query" | "limitPerSecond" | "read">;

/** A GET. */
export function get<T>(route: string, reading: Reading<T>): ApiRequest<T> {
  return { method: "GET", route, kind: "read", idempotent: true, ...reading };
}

/** A POST that only asks. Attio does not say which limit it counts against; integrators see it among the reads. */
export function ask<T>(
  route: string,
  reading: Reading<T> & { readonly body: JsonObject; readonly scored?: boolean },
): ApiRequest<T> {
  return { method: "POST", route, kind: "read", idempotent: true, ...reading };
}

interface Writing<T> extends Reading<T> {
  /** Goes into the usual envelope, `{"data": …}`. */
  readonly data: JsonObject;
}

/** A POST that makes something new each time it is done. */
export function create<T>(route: string, { data, ...writing }: Writing<T>): ApiRequest<T> {
  return { method: "POST", route, kind: "write", idempotent: false, body: { data }, ...writing };
}

/** A PUT: done twice is as good as once. */
export function put<T>(route: string, { data, ...writing }: Writing<T>): ApiRequest<T> {
  return { method: "PUT", route, kind: "write", idempotent: true, body: { data }, ...writing };
}

/** A PATCH; idempotent unless it says that it adds to what is there. */
export function patch<T>(
  route: string,
  { data, ...writing }: Writing<T> & { readonly idempotent?: boolean },
): ApiRequest<T> {
  return { method: "PATCH", route, kind: "write", idempotent: true, body: { data }, ...writing };
}

/**
 * Deletes. A repeated delete finds nothing, so `not_found` after an earlier attempt without an answer means that one did it; at the first
 * attempt it is thrown.
 */
export async function remove(
  api: Api,
  { route, params }: { readonly route: string; readonly params: RouteParams },
  options?: RequestOptions,
): Promise<void> {
  try {
    await api.send(
      { method: "DELETE", route, params, kind: "write", idempotent: true, read: ignoredBody },
      options,
    );
  } catch (error) {
    if (error instanceof AttioNotFoundError && error.attempt > 1) return;
    throw error;
  }
}
