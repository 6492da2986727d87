import fc from "fast-check";
import { expect, it } from "vitest";
import type { Fault } from "../../src/sandbox/index.ts";
import { BothSides, LATE_EFFECT_MS, OBJECTS, type Step } from "../support/both-sides.ts";
import { SHORT_PATIENCE, startWriting } from "../support/writing.ts";

/** Others are tried by setting these; the suite itself always plays the same histories. */
const RUNS = Number(process.env["RUNS"] ?? 3);
const SEED = Number(process.env["SEED"] ?? 3);

const number = fc.nat({ max: 999 });
const side = fc.constantFrom("here", "there");
const object = fc.constantFrom(...OBJECTS);
const kind = <T extends string>(name: T) => fc.constant(name);

/** Writes of records and entries, which have no other path than these. */
const path = /\/(records|entries)(\/[^/]*)?(\?.*)?$/;
const fault = fc.constantFrom<Fault[]>(
  { kind: "lost", path, times: 1 },
  { kind: "late-effect", ms: LATE_EFFECT_MS, path, times: 1 },
  { kind: "cut", path, times: 1 },
  { kind: "truncate", path, times: 1 },
  { kind: "late", ms: 2_000, path, times: 1 },
  { kind: "slow", ms: 300, times: 2 },
  { kind: "status", status: 500, times: 2 },
  { kind: "html", status: 502, times: 1 },
  { kind: "status", status: 429, headers: { "retry-after": "0" }, times: 1 },
);
const step = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({ kind: kind("edit"), side, object, row: number, field: number, value: number }),
  },
  {
    weight: 6,
    arbitrary: fc.record({ kind: kind("add"), side, object, value: number, isKeyed: fc.boolean() }),
  },
  { weight: 1, arbitrary: fc.record({ kind: kind("add-pair"), value: number }) },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constantFrom("enter", "move"), side, row: number, value: number }),
  },
  { weight: 1, arbitrary: fc.record({ kind: kind("leave"), side, row: number }) },
  { weight: 2, arbitrary: fc.record({ kind: kind("remove"), side, object, row: number }) },
  { weight: 1, arbitrary: fc.record({ kind: kind("merge"), object, row: number, other: number }) },
  { weight: 1, arbitrary: fc.record({ kind: kind("rename"), value: number }) },
  { weight: 6, arbitrary: fc.record({ kind: kind("fault"), fault }) },
  { weight: 6, arbitrary: fc.record({ kind: kind("push"), value: number }) },
  { weight: 1, arbitrary: fc.record({ kind: kind("kill"), value: number }) },
  { weight: 4, arbitrary: fc.record({ kind: kind("hydrate") }) },
  { weight: 1, arbitrary: fc.record({ kind: kind("backfill") }) },
) as fc.Arbitrary<Step>;

it(
  "whatever both sides do and whatever goes wrong, they come to rest equal, with nothing made twice",
  async () => {
    console.log(`histories of seed ${SEED}`);
    const history = fc.array(step, { minLength: 40, maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(history, async (steps) => {
        const play = new BothSides(await startWriting({ patience: SHORT_PATIENCE }));
        for (const one of steps) await play.play(one);
        const { refusals, ...rest } = await play.rest();
        console.log(refusals);
        expect(rest).toEqual({ differences: [], waiting: 0, wronglyMade: [], furtherWrites: 0, lost: [] });
      }),
      { numRuns: RUNS, seed: SEED, endOnFailure: true },
    );
  },
  60_000 * RUNS,
);
