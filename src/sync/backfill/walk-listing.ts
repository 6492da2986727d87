import type { AttioClient, RequestOptions } from "../../attio/index.ts";
import type { Tx } from "../../db/client.ts";
import { quoteIdentifier } from "../../db/mirror/identifiers.ts";
import { mirrorTable } from "../../db/mirror/sql-names.ts";
import { addMissing, addPart, addSeen, findSeen, loadParts, saveCheckpoint } from "../../db/queries/runs.ts";
import type { Run } from "../../db/queries/runs.ts";
import { transact } from "../../db/tx.ts";
import { applyRows } from "../apply/apply-rows.ts";
import type { ApplyTarget } from "../apply/target.ts";
import { FIXED_TARGETS } from "../fetch/fixed-sources.ts";
import { ticketed } from "../fetch/ticketed.ts";
import type { Ticketed } from "../fetch/ticketed.ts";
import { meetingRow, memberRow, noteRow, taskRow } from "../mapping/resources.ts";
import type { MappedRow } from "../mapping/row.ts";
import { countIdle, isConnected, overlapStep } from "./overlap.ts";
import type { OverlapInput } from "./overlap.ts";
import { requestOptions } from "./run-context.ts";
import type { RunContext } from "./run-context.ts";

/** Where the next page of a listing starts; by offset, also how long its longest page was. */
type Position = { offset: number; longest: number } | { cursor: string | null };

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

/** A listing is walked by one worker, so it has one checkpoint. */
const PART = 1;

/**
 * Walks a listing that has no order to close windows by. Every id that it shows is remembered with the run; what the
 * mirror holds beyond them when the listing ends is noted as missing.
 */
export async function walkListing(context: RunContext, stream: ListingStream): Promise<void> {
  const { deps, run } = context;
  const listing: Listing = LISTINGS[stream];
  const target = FIXED_TARGETS[stream];
  const first: Position = listing.paging === "offset" ? { offset: 0, longest: 0 } : { cursor: null };
  const [part] = await loadParts<Position>(deps.db.sql, run.id);
  if (part === undefined) await addPart(deps.db.sql, run.id, PART, first);

  let position: Position | undefined = part?.done === true ? undefined : (part?.cursor ?? first);
  let longest = position !== undefined && "offset" in position ? position.longest : 0;
  let emptyAt: number | undefined;
  let idle = 0;
  while (position !== undefined) {
    const at: Position = position;
    const page: Ticketed<ListingPage> = await ticketed(deps.db.sql, requestOptions(context), (options) =>
      listing.read(deps.client, at, options),
    );
    const ids = page.value.rows.map((row) => row.id);
    const known = await findSeen(deps.db.sql, run.id, ids);
    longest = Math.max(longest, ids.length);
    const shown = { offset: offsetOf(at), shown: ids.length, known: known.size, longest, emptyAt };
    idle = countIdle(idle, shown);
    const seen = { ...shown, idle };
    const next = nextPosition(listing, page.value, seen);
    if (ids.length === 0) emptyAt = offsetOf(at);
    // Rows shown a second time are in the mirror already, and counted.
    const isTaken = listing.paging !== "offset" || isConnected(seen);
    const rows = isTaken ? page.value.rows.filter((row) => !known.has(row.id)) : [];
    await applyPage(
      context,
      target,
      { ...page, value: rows },
      { next: next ?? at, done: next === undefined },
    );
    position = next;
  }
  await transact(deps.db.sql, (tx) => noteMissing(tx, run, target));
}

function nextPosition(listing: Listing, page: ListingPage, seen: OverlapInput): Position | undefined {
  if (listing.paging === "whole") return undefined;
  if (listing.paging === "cursor") return page.nextCursor === null ? undefined : { cursor: page.nextCursor };
  const step = overlapStep(seen);
  return step === "end" ? undefined : { offset: step, longest: seen.longest };
}

async function applyPage(
  context: RunContext,
  target: ApplyTarget,
  { value: rows, begin, requests }: Ticketed<readonly MappedRow[]>,
  { next, done }: { next: Position; done: boolean },
): Promise<void> {
  const { deps, run, holder } = context;
  await applyRows(deps.db.sql, target, { rows, begin }, async (tx, counts) => {
    await addSeen(
      tx,
      run.id,
      rows.map((row) => row.id),
    );
    await saveCheckpoint(tx, run, holder, {
      part: PART,
      cursor: next,
      done,
      rows: rows.length,
      written: counts.written,
      unchanged: counts.unchanged,
      requests,
      droppedCharacters: rows.reduce((sum, row) => sum + row.droppedCharacters, 0),
    });
  });
  context.onRows(rows.length);
}

/** Rows that the whole listing did not show, but for those that somebody fetched while it was read. */
async function noteMissing(tx: Tx, run: Run, target: ApplyTarget): Promise<void> {
  const key = quoteIdentifier(target.key);
  const rows = await tx.unsafe<{ id: string }[]>(
    `SELECT ${key} AS id FROM ${mirrorTable(target.table)}
     WHERE _fetch_seq < $1 AND _deleted_at IS NULL AND created_at IS NOT NULL AND NOT EXISTS (
       SELECT 1 FROM attio_sync.run_seen s WHERE s.run_id = $2 AND s.id = ${key})`,
    [run.firstTicket, run.id],
  );
  await addMissing(
    tx,
    run.id,
    target.stream,
    rows.map((row) => row.id),
  );
}
