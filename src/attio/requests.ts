import type { ApiRequest, RequestOptions } from "./transport.ts";
import type { QueryParams, RouteParams } from "./route.ts";
import type { JsonObject } from "../lib/json.ts";
import type { BodySink } from "./body.ts";

/** What resources need of the transport. */
export interface Api {
  send<T>(request: ApiRequest<T>, options?: RequestOptions): Promise<T>;
}

interface Reading<T> {
  readonly params?: RouteParams;
  readonly query?: QueryParams;
  readonly read: () => BodySink<T>;
}

/** A GET. */
export function get<T>(route: string, reading: Reading<T>): ApiRequest<T> {
  return { method: "GET", route, kind: "read", idempotent: true, ...reading };
}

/** A POST that only asks. Attio does not say which limit it counts against; integrators see it among the reads. */
export function ask<T>(
  route: string,
  reading: Reading<T> & { body: JsonObject; scored?: boolean },
): ApiRequest<T> {
  return { method: "POST", route, kind: "read", idempotent: true, ...reading };
}
