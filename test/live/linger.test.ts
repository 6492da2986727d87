import { expect, test } from "vitest";
import { countDue, markDirty } from "../../src/db/queries/dirty.ts";
import { BatchSize } from "../../src/sync/live/batch-size.ts";
import { hydrate } from "../../src/sync/live/hydrate.ts";
import { lingerMs, RecentMarks } from "../../src/sync/live/linger.ts";
import { openLiveStream, type LiveStream } from "../../src/sync/live/live-stream.ts";
import { processInbox } from "../../src/sync/live/process-inbox.ts";
import { deliverEvents } from "../support/live.ts";
import { startMirror, type Mirror } from "../support/mirror.ts";
import { addThings, eventually, type Things } from "../support/things.ts";

/** How often a part of the records is changed. */
const DOSES = 80;

const busy = { waiting: 101, recent: 0, batch: 500, lingeredMs: 0, stillMs: 0 };

test.each([
  { name: "few marks are seen to at once", load: { ...busy, waiting: 100 }, ms: 0 },
  { name: "more of them wait for others", load: busy, ms: 250 },
  { name: "but not when none has come for a while", load: { ...busy, stillMs: 250 }, ms: 0 },
  { name: "and a second at most", load: { ...busy, lingeredMs: 900 }, ms: 100 },
  { name: "a second is enough", load: { ...busy, lingeredMs: 1_300 }, ms: 0 },
  { name: "a full batch waits no longer", load: { ...busy, waiting: 500 }, ms: 0 },
  { name: "few that follow many wait as well", load: { ...busy, waiting: 5, recent: 96 }, ms: 250 },
  { name: "nothing is not waited for", load: { ...busy, waiting: 0, recent: 500 }, ms: 0 },
  {
    name: "a batch that Attio made small is soon full",
    load: { ...busy, waiting: 10, recent: 200, batch: 10 },
    ms: 0,
  },
])("$name", ({ load, ms }) => {
  expect(lingerMs(load)).toBe(ms);
});

/** An object with records that were mirrored, and its stream as hydrate has it once it knows that Attio takes 500 ids. */
async function startBusy(
  records: number,
): Promise<{ mirror: Mirror; things: Things; stream: LiveStream; ids: string[] }> {
  const mirror = await startMirror();
  const things = addThings(mirror);
  const ids = Array.from({ length: records }, (_, index) => things.create({ name: `Thing ${index}` }).id);
  await mirror.syncSchema();
  await things.backfill();
  const learnt = { batch: new BatchSize(), recent: new RecentMarks() };
  while (learnt.batch.size < 500) learnt.batch.accepted();
  const stream = await openLiveStream(mirror.deps, things.slug, learnt);
  if (stream === undefined) throw new Error("the stream is not mirrored");
  mirror.sandbox.log.clear();
  return { mirror, things, stream, ids };
}

function reads(mirror: Mirror): number {
  return mirror.sandbox.log.count({ path: /\/records/ });
}

test("whoever is stopped while it waits for a full batch leaves the marks to others", async () => {
  const { mirror, things, stream, ids } = await startBusy(150);
  await markDirty(mirror.db.sql, things.slug, ids, "test");
  const stop = new AbortController();
  const hydrating = hydrate(mirror.deps, stream, { signal: stop.signal });
  stop.abort();
  await expect(hydrating).rejects.toThrow();
  expect(await countDue(mirror.db.sql, things.slug, 1_000)).toBe(150);
  expect(reads(mirror)).toBe(0);
});

test("a burst of events is collapsed into few reads, and the mirror is equal after it", async () => {
  const { mirror, things, stream, ids } = await startBusy(400);
  const { settled } = deliverEvents(mirror);
  let isFed = false;
  const beganMs = performance.now();

  const names = new Map<string, string>();
  const feed = async () => {
    for (let dose = 0; dose < DOSES; dose++) {
      for (const id of ids.filter((_, index) => index % 7 === dose % 7)) {
        names.set(id, `Thing after dose ${dose}`);
        things.update(id, { name: `Thing after dose ${dose}` });
      }
      await settled();
      await processInbox(mirror.deps);
    }
    isFed = true;
  };
  const work = () =>
    eventually(async () => {
      const wasFed = isFed;
      await hydrate(mirror.deps, stream);
      return wasFed;
    });
  await Promise.all([feed(), work()]);

  // Never full, since there are fewer records than fit a query: a read waits 250 ms at least, but for what came first.
  const seconds = (performance.now() - beganMs) / 1_000;
  expect(reads(mirror)).toBeLessThanOrEqual(4 * seconds + 2);
  const rows = await things.rows();
  expect(new Map([...rows].map(([id, row]) => [id, row["name"]]))).toEqual(names);
});
