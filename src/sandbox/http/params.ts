import { badRequest, invalidPayload } from "../support/errors.ts";
import { isObject, type Json, type JsonObject } from "../support/json.ts";
import type { Call, Listing, Reply } from "./route.ts";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** A window on a listing. */
export interface Window {
  readonly limit: number;
  readonly offset: number;
}

/** The id, lower-cased. Throws 400 `validation_type` for what is no UUID, as Attio does. */
export function uuid(text: string, name: string): string {
  if (UUID.test(text)) return text.toLowerCase();
  throw badRequest("validation_type", `Invalid UUID in path parameter "${name}".`);
}

/** `limit` and `offset` of the query string. Throws 400 `validation_type` outside 1…max. */
export function windowOf(call: Call, listing: Listing, usual: number, max: number): Window {
  const limit = integer(call.query["limit"], "limit", usual, 1, max);
  const offset = integer(call.query["offset"], "offset", 0, 0, Number.MAX_SAFE_INTEGER);
  return { limit: Math.min(limit, call.maxPage[listing] ?? max), offset };
}

/** `limit` and `offset` of a query's body. */
export function bodyWindow(call: Call, body: JsonObject, listing: Listing): Window {
  const limit = bodyInteger(body["limit"], "limit", 500, 1, 500);
  const offset = bodyInteger(body["offset"], "offset", 0, 0, Number.MAX_SAFE_INTEGER);
  return { limit: Math.min(limit, call.maxPage[listing] ?? 500), offset };
}

/** A page of a cursor-style listing: `{"data":[…],"pagination":{"next_cursor":…}}`. */
export function cursorPage<T extends { readonly id: string }>(
  call: Call,
  listing: Listing,
  all: readonly T[],
  write: (one: T) => JsonObject,
): Reply {
  const limit = Math.min(integer(call.query["limit"], "limit", 50, 1, 200), call.maxPage[listing] ?? 200);
  const start = cursorStart(call.query["cursor"], all);
  const items = all.slice(start, start + limit);
  const last = items.at(-1);
  const next_cursor =
    last !== undefined && start + limit < all.length ? encodeCursor(last.id, start + limit) : null;
  return { body: { data: items.map(write), pagination: { next_cursor } } };
}

/** `"true"` or `"false"`. Throws 400 `validation_type` for anything else. */
export function flag(call: Call, name: string): boolean | undefined {
  const text = call.query[name];
  if (text === undefined) return undefined;
  if (text === "true") return true;
  if (text === "false") return false;
  throw invalidPayload([name], "Expected boolean", "Query");
}

/** The body as an object, empty if there is none. Throws 400 `validation_type`. */
export function bodyOf(call: Call): JsonObject {
  const body = call.body ?? {};
  if (!isObject(body)) throw invalidPayload([], "Expected object");
  return body;
}

function integer(text: string | undefined, name: string, usual: number, min: number, max: number): number {
  if (text === undefined) return usual;
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw invalidPayload([name], `Expected an integer from ${min} to ${max}`, "Query");
}

function bodyInteger(value: Json | undefined, name: string, usual: number, min: number, max: number): number {
  if (value === undefined || value === null) return usual;
  if (typeof value === "number" && Number.isInteger(value) && value >= min && value <= max) return value;
  throw invalidPayload([name], `Expected an integer from ${min} to ${max}`);
}

/** A cursor names the last item seen, and where it stood, should it be gone meanwhile. */
function encodeCursor(id: string, index: number): string {
  return Buffer.from(JSON.stringify([id, index])).toString("base64url");
}

function cursorStart(cursor: string | undefined, all: readonly { readonly id: string }[]): number {
  if (cursor === undefined || cursor === "") return 0;
  const decoded = Buffer.from(cursor, "base64url").toString();
  const match = /^\["([0-9a-f-]+)",(\d+)\]$/.exec(decoded);
  if (match === null) throw invalidPayload(["cursor"], "Invalid cursor", "Query");
  const index = all.findIndex((one) => one.id === match[1]);
  return index >= 0 ? index + 1 : Number(match[2]);
}
