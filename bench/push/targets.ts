import { quantile } from "../support/statistics.ts";
import { whole } from "../support/table.ts";
import type { Measured } from "./course.ts";
import type { Verdict } from "../support/verdicts.ts";

const MOST_P50_MS = 50;
const MOST_P99_MS = 250;
const LEAST_PART = 0.95;
const MOST_WRITES = 25;

/** Says which targets hold. Pure. */
export function judge({ queue, edits, bulk, updates }: Measured): Verdict[] {
  const [p50, p99] = [quantile(edits.writeMs, 0.5), quantile(edits.writeMs, 0.99)];
  const refused = edits.refused + bulk.refused + updates.refused;
  return [
    {
      target: `${queue}: commit to write, p50 <= ${MOST_P50_MS} ms`,
      measured: `${whole(p50)} ms`,
      isMet: p50 <= MOST_P50_MS && edits.lost === 0,
    },
    {
      target: `${queue}: commit to write, p99 <= ${MOST_P99_MS} ms`,
      measured: `${whole(p99)} ms${lost(edits.lost)}`,
      isMet: p99 <= MOST_P99_MS && edits.lost === 0,
    },
    {
      target: `${queue}: writes / budget >= ${LEAST_PART}`,
      measured: `${bulk.part.toFixed(3)}${lost(bulk.lost)}`,
      isMet: bulk.part >= LEAST_PART && bulk.lost === 0,
    },
    { target: `${queue}: no 429`, measured: whole(refused), isMet: refused === 0 },
    {
      target: `${queue}: writes for ${whole(updates.updates)} updates of a row <= ${MOST_WRITES}`,
      measured: `${whole(updates.writes)}${updates.isEqual ? "" : ", and the last value is not there"}`,
      isMet: updates.writes <= MOST_WRITES && updates.isEqual,
    },
  ];
}

function lost(count: number): string {
  return count === 0 ? "" : `, ${whole(count)} never came`;
}
