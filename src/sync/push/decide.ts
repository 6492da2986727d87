import { isDeepStrictEqual } from "node:util";
import type { Cells } from "../../db/control/index.ts";
import type { AttributePlan } from "../mapping/record-plan.ts";
import type { Origin } from "../mapping/origins.ts";
import { valuesIn, writeValue, type ValueCells, type WriteValue } from "./write-form.ts";

/** Who wins where both sides changed a value. */
export type ConflictPolicy = "attio" | "local" | "latest" | "manual";

/** What is known of one attribute that was changed here. Cells hold its columns, as PostgreSQL prints them. */
export interface AttributeChange {
  attribute: AttributePlan;
  base: Cells;
  local: Cells;
  remote: Cells;
  /** What earlier attempts, of whose answers nothing is known, may have put there; the value may have changed here since. */
  sent: readonly Cells[];
  origin: Origin | undefined;
}

export interface DecisionContext {
  policy: ConflictPolicy;
  /** When the change was captured, on Attio's clock; milliseconds since the epoch. */
  changedAtMs: number;
  /** Whether what Attio has now was written by one of those. */
  isOurs: (origin: Origin | undefined) => boolean;
}

export type Decision =
  /** Attio has it already. */
  | { kind: "equal" }
  | {
      kind: "send";
      /** The whole of what Attio shall have. */
      values: WriteValue[];
      /** What is to be added to what it has; the same for a single value. */
      additions: WriteValue[];
      /** Something has to go, which additions alone don't do. */
      replaces: boolean;
      conflict: boolean;
    }
  /** Attio's value stands. */
  | { kind: "yield" }
  /** Waits for a decision of the user's. */
  | { kind: "park" };

/** A remote value this much older or newer is of the same time: clocks are not better than that (design rule 28). */
const SAME_TIME_MS = 2_000;

/** Decides what becomes of one changed attribute. Pure. */
export function decideAttribute(change: AttributeChange, context: DecisionContext): Decision {
  const { attribute, base, local, remote, sent, origin } = change;
  const wanted = isCleared(attribute, base, local) ? [] : valuesIn(attribute, local);
  const present = valuesIn(attribute, remote);
  const before = valuesIn(attribute, base);
  if (isSame(attribute, wanted, present)) return { kind: "equal" };
  const tried = sent.map((cells) => valuesIn(attribute, cells));
  if (attribute.multi) return mergeLists(attribute, { before, wanted, present, tried: tried.flat() });
  const send = (conflict: boolean): Decision => {
    const values = wanted.map((value) => writeValue(attribute, value, before[0]));
    return { kind: "send", values, additions: values, replaces: values.length === 0, conflict };
  };
  if (isSame(attribute, before, present)) return send(false);
  // A value that was given up ahead of the rest, for another row to have it: the answer to that may be lost.
  if (attribute.unique && tried.length > 0 && present.length === 0) return send(false);
  // An earlier attempt of ours, whose answer was lost, put it there; Attio may have normalized it. Of several, any may have.
  if (tried.length > 0 && context.isOurs(origin))
    return tried.every((values) => isSame(attribute, wanted, values)) ? { kind: "equal" } : send(false);
  switch (context.policy) {
    case "attio":
      return { kind: "yield" };
    case "local":
      return send(true);
    case "manual":
      return { kind: "park" };
    case "latest":
      return isNewer(context.changedAtMs, origin) ? send(true) : { kind: "yield" };
  }
}

/** Whether a name or a place was cleared by its whole, its parts left as they were. */
function isCleared({ column, sides, multi }: AttributePlan, base: Cells, local: Cells): boolean {
  if (multi || local[column] != null || base[column] == null) return false;
  return Object.values(sides).every((side) => isDeepStrictEqual(local[side] ?? null, base[side] ?? null));
}

function isNewer(changedAtMs: number, origin: Origin | undefined): boolean {
  const remoteAtMs = origin?.activeFrom == null ? NaN : Date.parse(origin.activeFrom);
  return changedAtMs > remoteAtMs + SAME_TIME_MS;
}

/** What was added here is added to, and what was removed here is removed from, what Attio has now. */
function mergeLists(
  attribute: AttributePlan,
  lists: Record<"before" | "wanted" | "present" | "tried", ValueCells[]>,
): Decision {
  const { before, wanted, present, tried } = lists;
  const keysOf = (values: readonly ValueCells[]) => new Set(values.map((value) => keyOf(attribute, value)));
  const [old, now, there, ours] = [keysOf(before), keysOf(wanted), keysOf(present), keysOf(tried)];
  const added = wanted.filter((value) => {
    const key = keyOf(attribute, value);
    return !old.has(key) && !there.has(key);
  });
  const kept = present.filter((value) => {
    const key = keyOf(attribute, value);
    return now.has(key) || !(old.has(key) || ours.has(key));
  });
  const replaces = kept.length < present.length;
  if (added.length === 0 && !replaces) return { kind: "equal" };
  const write = (values: readonly ValueCells[]) => values.map((value) => writeValue(attribute, value));
  const values = write([...kept, ...added]);
  return { kind: "send", values, additions: write(added), replaces, conflict: false };
}

/** What a member of a list is recognized by. */
function keyOf(attribute: AttributePlan, { main, sides }: ValueCells): string {
  return JSON.stringify([main, attribute.kind === "record-reference" ? (sides.object ?? null) : null]);
}

function isSame(attribute: AttributePlan, a: readonly ValueCells[], b: readonly ValueCells[]): boolean {
  if (!attribute.multi) return isDeepStrictEqual(comparable(attribute, a), comparable(attribute, b));
  const [left, right] = [a, b].map((values) => values.map((value) => keyOf(attribute, value)).toSorted());
  return isDeepStrictEqual(left, right);
}

/** An amount's currency is Attio's to set. */
function comparable(attribute: AttributePlan, values: readonly ValueCells[]): unknown {
  return attribute.kind === "currency" ? values.map(({ main }) => main) : values;
}
