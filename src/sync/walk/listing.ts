import type { AttioClient, RequestOptions } from "../../attio/index.ts";
import type { Sql } from "../../db/client.ts";
import { ticketed } from "../fetch/ticketed.ts";
import type { Ticketed } from "../fetch/ticketed.ts";
import { meetingRow, memberRow, noteRow, taskRow } from "../mapping/resources.ts";
import type { MappedRow } from "../mapping/row.ts";
import { bulkOptions } from "./bulk.ts";
import { countIdle, isConnected, overlapStep } from "./overlap.ts";
import type { OverlapInput } from "./overlap.ts";

/** Where the next page of a listing starts; by offset, also how long its longest page was. */
export type Position = { offset: number; longest: number } | { cursor: string | null };

interface ListingPage {
  rows: MappedRow[];
  nextCursor: string | null;
}

type ReadPage = (client: AttioClient, position: Position, options: RequestOptions) => Promise<ListingPage>;

/** A resource that Attio lists for the whole workspace. */
interface Listing {
  paging: "offset" | "cursor" | "whole";
  read: ReadPage;
}

const whole = (rows: MappedRow[]): ListingPage => ({ rows, nextCursor: null });
const offsetOf = (position: Position) => ("offset" in position ? position.offset : 0);
const cursorOf = (position: Position) => ("cursor" in position ? (position.cursor ?? undefined) : undefined);

/** Page sizes are the most that Attio gives (docs: "Pagination", and each endpoint's page). */
export const LISTINGS = {
  members: {
    paging: "whole",
    read: async (client, _position, options) => whole((await client.members.list(options)).map(memberRow)),
  },
  notes: {
    paging: "offset",
    read: async (client, position, options) =>
      whole((await client.notes.page({ limit: 50, offset: offsetOf(position) }, options)).items.map(noteRow)),
  },
  tasks: {
    paging: "offset",
    read: async (client, position, options) => {
      const window = { limit: 500, offset: offsetOf(position), sort: "created_at:asc" as const };
      return whole((await client.tasks.page(window, options)).items.map(taskRow));
    },
  },
  meetings: {
    paging: "cursor",
    read: async (client, position, options) => {
      const page = await client.meetings.page(
        { limit: 200, cursor: cursorOf(position), sort: "start_asc" },
        options,
      );
      return { rows: page.items.map(meetingRow), nextCursor: page.nextCursor };
    },
  },
} as const satisfies Record<string, Listing>;

export type ListingStream = keyof typeof LISTINGS;

/** What is done with the rows of a listing, and where it is remembered which it has shown. */
export interface ListingVisitor {
  /** Where an earlier walk was stopped, at the start if there was none; "done" when it came to the end. */
  resume(start: Position): Promise<Position | "done">;
  /** Which of these have been taken before. */
  known(ids: readonly string[]): Promise<ReadonlySet<string>>;
  /** Takes rows that were not shown before, and remembers them. */
  take(page: Ticketed<readonly MappedRow[]>, progress: { next: Position; done: boolean }): Promise<void>;
}

/**
 * Walks a listing that has no order to close windows by. What it shows is known only as a whole: rows may be judged to be
 * absent when it has ended.
 */
export async function walkListing(
  { client, sql }: { client: AttioClient; sql: Sql },
  stream: ListingStream,
  visitor: ListingVisitor,
  signal: AbortSignal,
): Promise<void> {
  const listing: Listing = LISTINGS[stream];
  const resumed = await visitor.resume(
    listing.paging === "offset" ? { offset: 0, longest: 0 } : { cursor: null },
  );
  let position: Position | undefined = resumed === "done" ? undefined : resumed;
  let longest = position !== undefined && "offset" in position ? position.longest : 0;
  let emptyAt: number | undefined;
  let idle = 0;
  while (position !== undefined) {
    const at: Position = position;
    const page: Ticketed<ListingPage> = await ticketed(sql, bulkOptions(signal), (options) =>
      listing.read(client, at, options),
    );
    const ids = page.value.rows.map((row) => row.id);
    const known = await visitor.known(ids);
    longest = Math.max(longest, ids.length);
    const shown = { offset: offsetOf(at), shown: ids.length, known: known.size, longest, emptyAt };
    idle = countIdle(idle, shown);
    const seen = { ...shown, idle };
    const next = nextPosition(listing, page.value, seen);
    if (ids.length === 0) emptyAt = offsetOf(at);
    // Rows shown a second time have been taken already, and counted.
    const isTaken = listing.paging !== "offset" || isConnected(seen);
    const rows = isTaken ? page.value.rows.filter((row) => !known.has(row.id)) : [];
    await visitor.take({ ...page, value: rows }, { next: next ?? at, done: next === undefined });
    position = next;
  }
}

function nextPosition(listing: Listing, page: ListingPage, seen: OverlapInput): Position | undefined {
  if (listing.paging === "whole") return undefined;
  if (listing.paging === "cursor") return page.nextCursor === null ? undefined : { cursor: page.nextCursor };
  const step = overlapStep(seen);
  return step === "end" ? undefined : { offset: step, longest: seen.longest };
}
