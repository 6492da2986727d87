/** JSON as it came, to be looked into with care. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** Where the workspace answers, and what opens it. */
export interface Workspace {
  url: string;
  token: string;
}

/** Requests at a time. */
const AT_ONCE = 8;

/** The workspace's API by plain `fetch`: nothing here is shared with the client that is being tested. */
export interface Api {
  get(path: string, query?: Record<string, string>): Promise<Json>;
  /** All items of an endpoint that pages by `limit` and `offset`. */
  byOffset(path: string, query?: Record<string, string>): Promise<Json[]>;
  /** All items of an endpoint that pages by cursor. */
  byCursor(path: string, query?: Record<string, string>): Promise<Json[]>;
  /** All records of an object, or entries of a list. */
  query(path: string, idAttribute: string): Promise<Json[]>;
}

/** Opens the API of a workspace. Every answer that is not 200 is thrown. */
export function openApi({ url, token }: Workspace): Api {
  const send = async (path: string, init: RequestInit = {}): Promise<Json> => {
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
    const response = await fetch(`${url}${path}`, { ...init, headers });
    if (response.status !== 200)
      throw new Error(`the oracle got ${response.status} for ${path}: ${await response.text()}`);
    return (await response.json()) as Json;
  };
  const get = (path: string, query: Record<string, string> = {}): Promise<Json> => {
    const text = new URLSearchParams(query).toString();
    return send(text === "" ? path : `${path}?${text}`);
  };
  return {
    get,
    byOffset: async (path, query = {}) => {
      const all: Json[] = [];
      for (;;) {
        const page = listAt(await get(path, { ...query, offset: String(all.length) }), "data");
        if (page.length === 0) return all;
        all.push(...page);
      }
    },
    byCursor: async (path, query = {}) => {
      const all: Json[] = [];
      for (let cursor: Json = ""; typeof cursor === "string";) {
        const answer: Json = await get(path, cursor === "" ? query : { ...query, cursor });
        all.push(...listAt(answer, "data"));
        cursor = at(answer, "pagination.next_cursor");
      }
      return all;
    },
    query: async (path, idAttribute) => {
      // The id settles ties, which would otherwise come in another order on every page.
      const sorts = ["created_at", idAttribute].map((attribute) => ({ attribute, direction: "asc" }));
      const all: Json[] = [];
      for (;;) {
        const body = JSON.stringify({ sorts, limit: 500, offset: all.length });
        const page = listAt(await send(path, { method: "POST", body }), "data");
        if (page.length === 0) return all;
        all.push(...page);
      }
    },
  };
}

/** What stands at a dotted path; null where there is nothing. */
export function at(json: Json, path: string): Json {
  let value = json;
  for (const key of path.split(".")) {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return null;
    value = value[key] ?? null;
  }
  return value;
}

/** The list at a path; empty where there is nothing. */
export function listAt(json: Json, path: string): Json[] {
  const found = at(json, path);
  return Array.isArray(found) ? found : [];
}

/** The text at a path. Throws where there is none. */
export function textAt(json: Json, path: string): string {
  const found = at(json, path);
  if (typeof found !== "string") throw new Error(`the oracle expected a text at ${path}`);
  return found;
}

/** Does the work for every item, some at a time; results in the order of the items. */
export async function mapAll<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  const queue = [...items.entries()];
  const worker = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      results[next[0]] = await work(next[1]);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return results;
}
