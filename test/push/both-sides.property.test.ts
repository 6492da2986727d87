import fc from "fast-check";
import { expect, it } from "vitest";
import { BothSides, type Step } from "../support/both-sides.ts";
import { ACTS, kind, number, REQUEST_FAULT } from "../support/sides/acts.ts";
import { SHORT_PATIENCE, startWriting } from "../support/writing.ts";

/** Others are tried by setting these; the suite itself always plays the same histories. */
const RUNS = Number(process.env["RUNS"] ?? 3);
const SEED = Number(process.env["SEED"] ?? 3);

/** Longer than any history takes. */
const REST_MS = 60_000;

const step = fc.oneof(
  ...ACTS,
  { weight: 6, arbitrary: fc.record({ kind: kind("fault"), fault: REQUEST_FAULT }) },
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
        const { refusals, ...rest } = await play.playAll(steps, REST_MS);
        console.log(refusals);
        expect(rest).toEqual({ differences: [], waiting: 0, wronglyMade: [], furtherWrites: 0, lost: [] });
      }),
      { numRuns: RUNS, seed: SEED, endOnFailure: true },
    );
  },
  (REST_MS + 10_000) * RUNS,
);
