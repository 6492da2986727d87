import { quantile } from "../support/statistics.ts";
import { whole } from "../support/table.ts";
import type { Measured } from "./course.ts";
import type { Verdict } from "../support/verdicts.ts";

const MOST_P50_MS = 50;
const MOST_P99_MS = 250;
const LEAST_PART = 0.95;
const MOST_IN_TURN_P50_MS = 60;
const MOST_LAST_MS = 150;
const MOST_AMID_P99_MS = 1_000;
/** Two bulks share when neither has more than this part of the writes. */
const MOST_PART = 0.6;

/** Says which targets hold. Pure. */
export function judge(
  { queue, edits, oneRow, bulk, twoBulks, updates }: Measured,
  writesPerSecond: number,
): Verdict[] {
  const [p50, p99] = [quantile(edits.writeMs, 0.5), quantile(edits.writeMs, 0.99)];
  const refused = edits.refused + oneRow.refused + bulk.refused + twoBulks.refused + updates.refused;
  const inTurnMs = quantile(oneRow.eachMs, 0.5);
  const amidMs = quantile(bulk.amidMs, 0.99);
  const mostSteady = Math.floor(writesPerSecond * oneRow.seconds);
  // A second more, for what the last edits leave to be written.
  const mostUpdates = Math.floor(writesPerSecond * (updates.seconds + 1));
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
      target: `${queue}: edits of one row in turn, commit to write, p50 <= ${MOST_IN_TURN_P50_MS} ms`,
      measured: `${whole(inTurnMs)} ms`,
      isMet: inTurnMs <= MOST_IN_TURN_P50_MS,
    },
    {
      target: `${queue}: an edit of one row every 100 ms, the last one <= ${MOST_LAST_MS} ms`,
      measured: `${whole(oneRow.lastMs)} ms${oneRow.isEqual ? "" : ", and the last value is not there"}`,
      isMet: oneRow.lastMs <= MOST_LAST_MS && oneRow.isEqual,
    },
    {
      target: `${queue}: its writes within the budget, ${whole(mostSteady)}`,
      measured: whole(oneRow.writes),
      isMet: oneRow.writes <= mostSteady,
    },
    {
      target: `${queue}: an edit amid ${whole(bulk.rows)} rows, p99 <= ${MOST_AMID_P99_MS} ms`,
      measured: `${whole(amidMs)} ms${lost(bulk.amidLost)}`,
      isMet: amidMs <= MOST_AMID_P99_MS && bulk.amidLost === 0,
    },
    {
      target: `${queue}: of two bulks neither has more than ${MOST_PART} of the writes`,
      measured: twoBulks.part.toFixed(2),
      isMet: twoBulks.part <= MOST_PART && twoBulks.part >= 1 - MOST_PART,
    },
    {
      target: `${queue}: writes for ${whole(updates.updates)} updates of a row within the budget, ${whole(mostUpdates)}`,
      measured: `${whole(updates.writes)}${updates.isEqual ? "" : ", and the last value is not there"}`,
      isMet: updates.writes <= mostUpdates && updates.isEqual,
    },
  ];
}

function lost(count: number): string {
  return count === 0 ? "" : `, ${whole(count)} never came`;
}
