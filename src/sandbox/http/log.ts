import type { Actor } from "../store/model.ts";
import type { Json } from "../support/json.ts";

/** A request that reached the sandbox. */
export interface LoggedRequest {
  readonly number: number;
  readonly method: string;
  /** Without the query string. */
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  body: Json | undefined;
  /** An `Authorization` header came with it. */
  readonly isAuthorized: boolean;
  /** What it counts as against the rate limits; queries are reads. Undefined for an unknown endpoint. */
  readonly kind: "read" | "write" | undefined;
  /** Whose token it was, once that is known. */
  actor: Actor | undefined;
  /** The status that carrying it out came to, even if a fault kept the answer back; undefined until then. */
  effect: number | undefined;
  /** 0 while there is no answer, and where a fault kept it back. */
  status: number;
  readonly startedAtMs: number;
  durationMs: number;
}

/** Which requests are meant; a path given as text matches any path that contains it. */
export interface RequestFilter {
  readonly method?: string;
  readonly path?: RegExp | string;
  readonly status?: number;
  readonly kind?: "read" | "write";
  readonly effect?: number;
}

/** Every request, oldest first. */
export interface RequestLog {
  readonly requests: readonly LoggedRequest[];
  filter(filter: RequestFilter): LoggedRequest[];
  count(filter?: RequestFilter): number;
  clear(): void;
  /** Enters a request and gives it the next number. */
  add(request: Omit<LoggedRequest, "number">): LoggedRequest;
}

/** Creates an empty log. */
export function createLog(): RequestLog {
  const requests: LoggedRequest[] = [];
  let entered = 0;
  const select = (filter: RequestFilter): LoggedRequest[] => requests.filter((one) => matches(one, filter));
  return {
    requests,
    filter: select,
    count: (filter = {}) => select(filter).length,
    clear: () => void requests.splice(0),
    add: (request) => {
      const logged = { number: ++entered, ...request };
      requests.push(logged);
      return logged;
    },
  };
}

/** True if a request is meant by the filter. */
export function matches(
  request: { method: string; path: string } & Partial<Pick<LoggedRequest, "status" | "kind" | "effect">>,
  filter: RequestFilter,
): boolean {
  if (filter.method !== undefined && filter.method.toUpperCase() !== request.method) return false;
  if (filter.status !== undefined && filter.status !== request.status) return false;
  if (filter.kind !== undefined && filter.kind !== request.kind) return false;
  if (filter.effect !== undefined && filter.effect !== request.effect) return false;
  if (filter.path === undefined) return true;
  return typeof filter.path === "string"
    ? request.path.includes(filter.path)
    : filter.path.test(request.path);
}
