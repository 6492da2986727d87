import type { Sql } from "../../db/client.ts";
import { countDue } from "../../db/queries/dirty.ts";
import { monotonicMs } from "../../lib/clock.ts";
import { sleep } from "../../lib/sleep.ts";
import type { LiveStream } from "./live-stream.ts";

/** Up to so many marks are seen to at once (design rule 22). */
const FEW = 100;

/** The longest that marks wait for others to share their query. */
const LONGEST_MS = 1_000;

/** When none has come for so long, none is waited for: the burst is over. */
const STILL_MS = 250;

/** How often the marks that wait are counted meanwhile. */
const LOOK_MS = 50;

/** How busy a stream is. */
export interface Load {
  /** Marks that are due and nobody's. */
  waiting: number;
  /** Marks that were taken within the last second. */
  recent: number;
  /** How many a query takes. */
  batch: number;
  /** How long they have been waited for already, and how long none has come. */
  lingeredMs: number;
  stillMs: number;
}

/**
 * How many milliseconds more hydrate may wait for its batch to fill; 0 = it shall go on. Pure. What was just taken counts
 * as well: a worker that is quicker than the doorbells would else read a handful of records over and over.
 */
export function lingerMs({ waiting, recent, batch, lingeredMs, stillMs }: Load): number {
  const isFew = waiting + recent <= FEW;
  const isFull = waiting >= batch;
  if (isFew || isFull || waiting === 0) return 0;
  return Math.max(0, Math.min(LONGEST_MS - lingeredMs, STILL_MS - stillMs));
}

/** Counts the marks that a stream's hydrate took within the last second. */
export class RecentMarks {
  #taken: { atMs: number; marks: number }[] = [];

  add(marks: number): void {
    this.#taken.push({ atMs: monotonicMs(), marks });
  }

  count(): number {
    const since = monotonicMs() - LONGEST_MS;
    this.#taken = this.#taken.filter(({ atMs }) => atMs > since);
    return this.#taken.reduce((sum, { marks }) => sum + marks, 0);
  }
}

/**
 * Waits while a stream is busy and its next query would not be full, a second at most. Throws the signal's reason when
 * it is aborted.
 */
export async function linger(sql: Sql, stream: LiveStream, signal?: AbortSignal): Promise<void> {
  // Without a query for many, waiting would fill nothing.
  if (stream.source.fetchMany === undefined) return;
  const batch = stream.batch.size;
  const beganMs = monotonicMs();
  let cameMs = beganMs;
  let waited = 0;
  for (;;) {
    const waiting = await countDue(sql, stream.name, batch);
    const nowMs = monotonicMs();
    if (waiting > waited) cameMs = nowMs;
    waited = waiting;
    const load = { waiting, recent: stream.recent.count(), batch };
    const leftMs = lingerMs({ ...load, lingeredMs: nowMs - beganMs, stillMs: nowMs - cameMs });
    if (leftMs === 0) return;
    await sleep(Math.min(LOOK_MS, leftMs), signal);
  }
}
