import { expect, test } from "vitest";
import { decide, type Decision, type Held } from "../../src/sync/apply/decide.ts";

const FETCHED = { hash: "fetched" };
const BEGIN = 10;

const row = (hash: string | null, fetchSeq: number): Held => ({ kind: "row", hash, fetchSeq });

const CASES: [string, Held, Decision][] = [
  ["there is none", { kind: "nothing" }, "write"],
  ["a user holds it", { kind: "locked" }, "refetch"],
  ["it was deleted before the request was sent", { kind: "tombstone", fetchSeq: BEGIN - 1 }, "write"],
  ["it was deleted by the very request", { kind: "tombstone", fetchSeq: BEGIN }, "ignore"],
  ["it was deleted since", { kind: "tombstone", fetchSeq: BEGIN + 1 }, "ignore"],
  ["it is older and differs", row("other", BEGIN - 1), "write"],
  ["it is as old and differs", row("other", BEGIN), "refetch"],
  ["it is newer and differs", row("other", BEGIN + 1), "refetch"],
  ["it is older and equal", row("fetched", BEGIN - 1), "unchanged"],
  ["it is newer and equal", row("fetched", BEGIN + 1), "unchanged"],
  ["it is older and has no hash", row(null, BEGIN - 1), "write"],
  ["it is newer and has no hash", row(null, BEGIN + 1), "refetch"],
];

test.each(CASES)("a fetched row, where %s: %#", (_, held, decision) => {
  expect(decide(FETCHED, BEGIN, held)).toBe(decision);
});
