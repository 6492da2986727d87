import type { Json, JsonObject } from "../support/json.ts";
import type { Actor } from "../store/model.ts";
import type { SandboxStore } from "../store/store.ts";
import type { Token } from "./tokens.ts";

/** A request that passed authentication, limits and faults. */
export interface Call {
  readonly store: SandboxStore;
  readonly token: Token;
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  readonly body: Json | undefined;
  /** Raw bytes of a body that is no JSON. */
  readonly bytes: Buffer | undefined;
  readonly contentType: string;
  /** Counts up over the sandbox's life. */
  readonly requestNumber: number;
  /** Silent server-side caps on page sizes. */
  readonly maxPage: MaxPage;
}

/** A long text that is never put together: as one, each page would be 5 MB of memory to be given by the system anew. */
export type Pieces = readonly Buffer[];

/** What a handler answers. */
export interface Reply {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** JSON, or the text of it, whole or in pieces; undefined for an empty body. */
  readonly body: JsonObject | Buffer | Pieces | undefined;
  /** Complexity of a query, for score limits. */
  readonly score?: number;
}

/** One endpoint. */
export interface Route {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly url: string;
  /** Scopes that the token must have, such as `note:read`. */
  readonly scopes: readonly string[];
  /** The budget it counts against; queries are reads although they are POSTs. */
  readonly kind: "read" | "write";
  /** A budget of its own, in requests a second, where the docs name one. */
  readonly perSecond?: number;
  /** Errors name their status `statusCode`, as the docs have it for a few endpoints. */
  readonly camelCaseErrors?: boolean;
  readonly handle: (call: Call) => Reply | Promise<Reply>;
}

/** Listings whose page size can be capped below the documented maximum. */
export type Listing =
  | "records"
  | "entries"
  | "recordEntries"
  | "attributes"
  | "values"
  | "notes"
  | "tasks"
  | "threads"
  | "meetings"
  | "recordings"
  | "files"
  | "webhooks";

/** Caps by listing. */
export type MaxPage = Partial<Record<Listing, number>>;

/** `{"data":…}`. */
export function data(value: Json): Reply {
  return { body: { data: value } };
}

/** The actor of what is written with the request's token. */
export function actorOf(call: Call): Actor {
  return tokenActor(call.token);
}

/** The actor that a token is. */
export function tokenActor(token: Token): Actor {
  return { type: "api-token", id: token.id };
}

/** A parameter of the path, which the router guarantees. */
export function param(call: Call, name: string): string {
  return call.params[name] ?? "";
}
