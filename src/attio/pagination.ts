import type { Page } from "./body.ts";
import { AttioSchemaError } from "./errors.ts";

/** How an offset listing is walked. */
export interface OffsetWalk<T> {
  readonly pageSize: number;
  /** What tells items apart. */
  readonly key: (item: T) => string;
}

/**
 * Walks a listing paged by limit and offset, each item once. A page may hold fewer items than asked for, so only an empty page, or one
 * without anything new (a server that ignores the offset), ends it. Deletions under way may hide items: see the caller's own guard.
 */
export async function* walkOffsets<T>(
  fetch: (window: { limit: number; offset: number }) => Promise<readonly T[]>,
  { pageSize, key }: OffsetWalk<T>,
): AsyncGenerator<T, void, undefined> {
  const seen = new Set<string>();
  for (let offset = 0; ;) {
    const items = await fetch({ limit: pageSize, offset });
    const fresh = items.filter((item) => !seen.has(key(item)));
    if (fresh.length === 0) return;
    for (const item of fresh) seen.add(key(item));
    yield* fresh;
    offset += items.length;
  }
}

/**
 * Walks the listing at `path` by cursor until there is none; pages may be empty on the way. Throws AttioSchemaError if a cursor comes
 * twice, which would never end.
 */
export async function* walkCursors<T>(
  path: string,
  fetch: (cursor: string | undefined) => Promise<Page<T>>,
): AsyncGenerator<T, void, undefined> {
  const seen = new Set<string>();
  let cursor: string | undefined;
  for (;;) {
    const page = await fetch(cursor);
    yield* page.items;
    if (page.nextCursor === null) return;
    if (seen.has(page.nextCursor)) {
      const place = { method: "GET", path, attempt: 1 };
      throw new AttioSchemaError("unexpected_shape", "a cursor comes for the second time", place);
    }
    cursor = page.nextCursor;
    seen.add(cursor);
  }
}

/** All of a listing at once. */
export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}
