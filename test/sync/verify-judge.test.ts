import { expect, test } from "vitest";
import type { Standing } from "../../src/db/queries/compare.ts";
import { judge, type Judgement, type Look } from "../../src/sync/verify/judge.ts";

const BEGIN = 10;
const LOOK: Look = { begin: BEGIN, hasChanged: false, isTampered: false };
const STANDING: Standing = { id: "", fetchSeq: BEGIN - 1, isMarked: false, setAside: null };

const CASES: [string, Partial<Standing>, Partial<Look>, Judgement][] = [
  ["rests on both sides", {}, {}, "drift"],
  ["was never fetched", { fetchSeq: null }, {}, "drift"],
  ["waits to be fetched again", { isMarked: true }, {}, "in flight"],
  ["was written since the look began", { fetchSeq: BEGIN + 1 }, {}, "undecided"],
  ["was written as the look began", { fetchSeq: BEGIN }, {}, "undecided"],
  ["changed in Attio between two looks", {}, { hasChanged: true }, "undecided"],
  ["was set aside", { setAside: "unreadable" }, {}, "set aside"],
  ["was set aside, but changed since", { setAside: "unreadable" }, { hasChanged: true }, "undecided"],
  ["has the hash of what Attio has", {}, { isTampered: true }, "drift"],
  ["has that hash, though it is marked", { isMarked: true }, { isTampered: true }, "drift"],
  ["has that hash, though it was set aside", { setAside: "hydrate_failed" }, { isTampered: true }, "drift"],
];

test.each(CASES)("an unequal row that %s: %#", (_, standing, look, judgement) => {
  expect(judge({ ...STANDING, ...standing }, { ...LOOK, ...look })).toBe(judgement);
});
