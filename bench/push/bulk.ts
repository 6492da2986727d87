import { setTimeout as delay } from "node:timers/promises";
import type { Stage } from "./course.ts";
import type { PushOptions } from "./options.ts";

/** Time between edits amid a bulk. */
const AMID_MS = 1_000;

/** Above the values of other parts. */
const FIRST_VALUE = 5_000_000;

/** Many rows that one statement changed. */
export interface Bulk {
  rows: number;
  /** Requests that wrote. */
  writes: number;
  /** Rows that were not written. */
  lost: number;
  /** From the arrival of the first write to that of the last. */
  seconds: number;
  /** Writes a second between them: the first one starts the clock and is not counted. */
  perSecond: number;
  /** The same as a part of the budget. */
  part: number;
  /** Milliseconds from the commit to the first write. */
  firstMs: number;
  /** Of single edits meanwhile: milliseconds from the commit to the write. */
  amidMs: number[];
  /** Those that were not written. */
  amidLost: number;
  refused: number;
  /** From the statement until nothing was under way, in milliseconds; undefined where the system does not tell. */
  cpuMs: Record<"daemon" | "postgres", number | undefined>;
}

/** Changes rows in one statement and waits until Attio has them; edits other rows meanwhile. */
export async function measureBulk(
  { before: courses, user, workspace, ids, quiet, cpuMs }: Stage,
  { rows, amid, answerMs, writesPerSecond }: PushOptions,
): Promise<Bulk> {
  const edited = ids.slice(0, rows);
  const firstValue = FIRST_VALUE + courses * amid;
  await workspace.answerAfter(answerMs);
  const before = cpuMs();
  await user.editAll(edited);
  const committedAtMs = Date.now();
  const amidAtMs = new Map<string, number>();
  for (const [edit, id] of ids.slice(rows, rows + amid).entries()) {
    await delay(AMID_MS);
    amidAtMs.set(id, await user.edit(id, firstValue + edit));
  }
  await quiet();
  const after = cpuMs();
  await workspace.answerAfter(0);
  const { requests, refused } = await workspace.traffic();
  const writes = requests.filter(({ kind }) => kind === "write");
  const [first, last] = [writes[0]?.atMs ?? Number.NaN, writes.at(-1)?.atMs ?? Number.NaN];
  const written = new Set(writes.map(({ id }) => id));
  const amidMs = [...amidAtMs].flatMap(([id, atMs]) => {
    const write = writes.find((request) => request.id === id);
    return write === undefined ? [] : [write.atMs - atMs];
  });
  const seconds = (last - first) / 1_000;
  const perSecond = (writes.length - 1) / seconds;
  return {
    rows: edited.length,
    writes: writes.length,
    lost: edited.filter((id) => !written.has(id)).length,
    seconds,
    perSecond,
    part: perSecond / writesPerSecond,
    firstMs: first - committedAtMs,
    amidMs,
    amidLost: amidAtMs.size - amidMs.length,
    refused,
    cpuMs: {
      daemon: since(before.daemon, after.daemon),
      postgres: since(before.postgres, after.postgres),
    },
  };
}

function since(before: number | undefined, now: number | undefined): number | undefined {
  return before === undefined || now === undefined ? undefined : now - before;
}
