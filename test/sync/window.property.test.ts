import fc from "fast-check";
import { expect, it } from "vitest";
import { AttioNotFoundError } from "../../src/attio/index.ts";
import { countIdle, isConnected, overlapStep } from "../../src/sync/walk/overlap.ts";
import type { FetchedItem, RecordQuery, RecordSource } from "../../src/sync/fetch/record-source.ts";
import { PAGE_SIZE, readSpan, type Span } from "../../src/sync/fetch/read-span.ts";
import { splitPoint, type Window } from "../../src/sync/fetch/window.ts";

/** A thing in a workspace that lives in memory. */
interface Thing {
  id: string;
  at: number;
}

/** What happens between two requests: so many things go, by place, and so many are made. */
interface Change {
  removed: readonly number[];
  created: number;
}

const START_MS = 1_700_000_000_000;
const MOST_REQUESTS = 5000;

/** Many in one millisecond, some close together, some far apart; or all at once. */
const scattered = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(0, 1, 2, 5) },
    { weight: 2, arbitrary: fc.nat(30) },
    { weight: 1, arbitrary: fc.nat(100_000_000) },
  ),
  { maxLength: 60 },
);
const times = fc.oneof(scattered, fc.array(fc.constant(0), { minLength: 6, maxLength: 40 }));
const changes = fc.array(fc.record({ removed: fc.array(fc.nat(), { maxLength: 8 }), created: fc.nat(2) }), {
  maxLength: 40,
});

/** One answer that is cut short, counted from the first request. */
interface Cut {
  request: number;
  items: number;
}

/** What goes on meanwhile: anything at all while answers are whole, new things alone where one is cut short. */
const troubles: fc.Arbitrary<{ script: Change[]; cut?: Cut }> = fc.oneof(
  fc.record({ script: changes }),
  fc.record({
    script: fc.array(fc.record({ removed: fc.constant([]), created: fc.nat(2) }), { maxLength: 40 }),
    cut: fc.record({ request: fc.nat(40), items: fc.nat(8) }),
  }),
);

it("a walk by windows shows every record that stays, once, in the span that closes its time, even if an answer is cut short", async () => {
  await fc.assert(
    fc.asyncProperty(
      times,
      fc.integer({ min: 1, max: 9 }),
      troubles,
      fc.noShrink(fc.infiniteStream(fc.nat())),
      async (offsets, cap, { script, cut }, random) => {
        const world = createWorld(offsets, script, random);
        const lasting = new Map(world.things.map(({ id, at }) => [id, at]));
        const spans = await walk(world, cap, random, cut);
        for (const id of world.gone) lasting.delete(id);

        expectTiling(spans);
        for (const { from, span } of spans) {
          for (const { createdAtMs } of span.items) {
            expect(createdAtMs).toBeGreaterThanOrEqual(from);
            if (span.to !== null) expect(createdAtMs).toBeLessThan(span.to);
          }
        }
        const shown = spans.flatMap(({ span }) => span.items.map(({ id }) => id));
        expect(new Set(shown).size).toBe(shown.length);
        expect([...lasting.keys()].filter((id) => !shown.includes(id))).toEqual([]);
      },
    ),
    { numRuns: 400 },
  );
});

it("a window is split within what is left of it, and only where much is left", () => {
  const some = fc.nat(1_000_000);
  fc.assert(
    fc.property(some, some, fc.option(some), fc.nat(100_000), some, (start, read, left, rows, newest) => {
      const at = start + read;
      const hi = left === null ? null : at + left;
      const window: Window = { part: 1, cursor: { at, hi }, startedAt: start, rows };
      const middle = splitPoint(window, newest);
      if (middle === undefined) return;
      expect(middle).toBeGreaterThan(at);
      expect(middle).toBeLessThanOrEqual(newest);
      if (hi !== null) expect(middle).toBeLessThan(hi);
      expect((rows / read) * (Math.min(hi ?? Infinity, newest + 1) - at)).toBeGreaterThanOrEqual(1500);
    }),
  );
});

it.each(["at the end", "at the beginning"])(
  "a walk by offsets shows everything that stays, with new things %s",
  (where) => {
    fc.assert(
      fc.property(
        fc.nat(60),
        fc.integer({ min: 2, max: 9 }),
        troubles,
        fc.noShrink(fc.infiniteStream(fc.nat())),
        (count, cap, { script, cut }, random) => {
          const offsets = Array.from({ length: count }, (_, index) => index);
          const world = createWorld(offsets, script, random);
          const lasting = new Set(world.things.map(({ id }) => id));
          const listing = (): Thing[] => (where === "at the end" ? world.things : world.things.toReversed());
          const shown = walkByOffset(
            () => {
              world.change();
              return listing();
            },
            cap,
            cut,
          );
          for (const id of world.gone) lasting.delete(id);
          expect([...lasting].filter((id) => !shown.has(id))).toEqual([]);
        },
      ),
      { numRuns: 1000 },
    );
  },
);

interface World {
  things: Thing[];
  gone: Set<string>;
  /** Lets colleagues do what comes next in the script. */
  change(): void;
}

type Random = Iterator<number>;

function createWorld(offsets: readonly number[], script: readonly Change[], random: Random): World {
  let made = 0;
  const make = (at: number): Thing => {
    const tail = next(random).toString(16).padStart(8, "0");
    return { id: `${tail}-${++made}`, at };
  };
  const things = offsets.map((offset) => make(START_MS + offset)).toSorted((a, b) => a.at - b.at);
  const pending = [...script];
  let now = START_MS + Math.max(0, ...offsets);
  const world: World = {
    things,
    gone: new Set(),
    change: () => {
      const { removed = [], created = 0 } = pending.shift() ?? {};
      for (const place of removed) {
        const [gone] = world.things.splice(place % Math.max(1, world.things.length), 1);
        if (gone !== undefined) world.gone.add(gone.id);
      }
      for (let index = 0; index < created; index++) world.things.push(make((now += next(random) % 3)));
    },
  };
  return world;
}

/** Walks as the backfill does: several windows in turn, whose pages come in any order of workers. */
async function walk(
  world: World,
  cap: number,
  random: Random,
  cut?: Cut,
): Promise<{ from: number; until: number | null; span: Span }[]> {
  const source = memorySource(world, cap, random, cut);
  const open: Window[] = [{ part: 1, cursor: { at: 0, hi: null }, startedAt: null, rows: 0 }];
  const spans: { from: number; until: number | null; span: Span }[] = [];
  while (open.length > 0) {
    const place = next(random) % open.length;
    const window = open[place];
    if (window === undefined) break;
    const from = window.cursor.at;
    const span = await readSpan(source, window.cursor, {});
    spans.push({ from, until: span.to ?? window.cursor.hi, span });
    window.startedAt ??= span.items[0]?.createdAtMs ?? null;
    window.rows += span.items.length;
    if (span.to !== null) window.cursor.at = span.to;
    window.cursor.seen = span.seen;
    if (span.done) {
      open.splice(place, 1);
      continue;
    }
    const middle = splitPoint(window, world.things.at(-1)?.at ?? 0);
    if (middle === undefined || open.length >= 4) continue;
    open.push({ part: 1, cursor: { at: middle, hi: window.cursor.hi }, startedAt: null, rows: 0 });
    window.cursor.hi = middle;
  }
  return spans;
}

/** Attio as far as a walk needs it: half-open filters, ties in any order, a cap on pages. */
function memorySource(world: World, cap: number, random: Random, cut?: Cut): RecordSource {
  let longest = 0;
  let requests = 0;
  const query = ({ filter, sorts, limit, offset = 0 }: RecordQuery) => {
    if (++requests > MOST_REQUESTS) throw new Error("the walk does not end");
    world.change();
    const isCut = requests === cut?.request;
    const { $gte = "", $lt = "9999" } = (filter as { created_at: { $gte?: string; $lt?: string } })
      .created_at;
    const tie = new Map(world.things.map(({ id }) => [id, sorts.length > 1 ? id : String(next(random))]));
    const found = world.things
      .filter(({ at }) => iso(at) >= $gte && iso(at) < $lt)
      .toSorted((a, b) => a.at - b.at || ((tie.get(a.id) ?? "") < (tie.get(b.id) ?? "") ? -1 : 1));
    if (sorts[0]?.direction === "desc") found.reverse();
    const page = found.slice(offset, offset + Math.min(limit, cap, isCut ? cut.items : Infinity));
    const items: FetchedItem[] = page.map(({ id, at }) => ({
      id,
      createdAtMs: at,
      row: { id, problem: "" },
    }));
    const target = { stream: "things", table: "things", key: "record_id", version: 1 };
    return Promise.resolve({ value: { items, target }, begin: requests, requests: 1 });
  };
  const source = {
    query,
    fetchOne: (id: string) =>
      world.things.some((thing) => thing.id === id) ? Promise.resolve() : Promise.reject(notFound()),
    idAttribute: "record_id",
    sawPage: (length: number) => (longest = Math.max(longest, length)),
  };
  return source as unknown as RecordSource;
}

function notFound(): AttioNotFoundError {
  const details = { status: 404, code: "not_found", type: null, message: "", executionId: null };
  return new AttioNotFoundError(
    { ...details, validationPaths: [], retryAfterMs: 0 },
    { method: "GET", path: "", attempt: 1 },
  );
}

/** Spans lie beside each other, without a gap and without an overlap, from the beginning to the open end. */
function expectTiling(spans: readonly { from: number; until: number | null }[]): void {
  let at: number | null = 0;
  for (const { from, until } of spans.toSorted((a, b) => a.from - b.from)) {
    expect(from).toBe(at);
    at = until;
  }
  expect(at).toBeNull();
}

function walkByOffset(listing: () => readonly Thing[], cap: number, cut?: Cut): Set<string> {
  const seen = new Set<string>();
  let longest = 0;
  let emptyAt: number | undefined;
  let idle = 0;
  let offset = 0;
  for (let requests = 0; requests < MOST_REQUESTS; requests++) {
    const most = requests === cut?.request ? cut.items : Infinity;
    const page = listing().slice(offset, offset + Math.min(PAGE_SIZE, cap, most));
    const known = page.filter(({ id }) => seen.has(id)).length;
    longest = Math.max(longest, page.length);
    const input = { offset, shown: page.length, known, longest, emptyAt };
    idle = countIdle(idle, input);
    if (isConnected(input)) for (const { id } of page) seen.add(id);
    const step = overlapStep({ ...input, idle });
    if (page.length === 0) emptyAt = offset;
    if (step === "end") return seen;
    offset = step;
  }
  throw new Error("the walk does not end");
}

function next(random: Random): number {
  const { value, done } = random.next() as IteratorResult<number, undefined>;
  return done === true ? 0 : value;
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
