import fc from "fast-check";
import type { Fault } from "../../../src/sandbox/index.ts";

export const OBJECTS = ["people", "companies", "deals"] as const;
export type ObjectName = (typeof OBJECTS)[number];
export type Side = "here" | "there";
export type Value = string | number | null | readonly string[];

/** Something that is done on one of both sides; its numbers choose among what is there when it is its turn. */
export type Act =
  | { kind: "edit"; side: Side; object: ObjectName; row: number; field: number; value: number }
  | { kind: "add"; side: Side; object: ObjectName; value: number; isKeyed: boolean }
  | { kind: "add-pair"; value: number }
  | { kind: "enter" | "move"; side: Side; row: number; value: number }
  | { kind: "leave"; side: Side; row: number }
  | { kind: "remove"; side: Side; object: ObjectName; row: number }
  | { kind: "merge"; object: ObjectName; row: number; other: number }
  | { kind: "rename"; value: number };

/** What is edited of each object; of a choice, the values are places among its titles. */
export const FIELDS: Record<ObjectName, readonly { slug: string; values?: readonly Value[] }[]> = {
  people: [
    { slug: "job_title", values: ["one", "two", "three", null] },
    { slug: "description", values: ["a", "b", "c", null] },
    { slug: "phone_numbers", values: [["+442079000001"], ["+442079000002", "+442079000001"], null] },
  ],
  companies: [{ slug: "description", values: ["x", "y", "z", null] }, { slug: "categories" }],
  deals: [{ slug: "value", values: [10, 20.5, 30, null] }, { slug: "stage" }],
};

export const number = fc.nat({ max: 999 });
export const kind = <T extends string>(name: T) => fc.constant(name);
export const side = fc.constantFrom("here", "there");
export const object = fc.constantFrom(...OBJECTS);

/** Every act, as often as it comes up in relation to the others. */
export const ACTS = [
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
];

/** Late effects land within this time. */
export const LATE_EFFECT_MS = 1_200;

/** Writes of records and entries, which have no other path than these. */
const path = /\/(records|entries)(\/[^/]*)?(\?.*)?$/;

/** What may happen to a request. */
export const REQUEST_FAULT = fc.constantFrom<Fault[]>(
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
