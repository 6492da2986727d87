import fc from "fast-check";
import type { DeliveryFault, Fault } from "../../src/sandbox/index.ts";
import { ACTS, kind, number, object, REQUEST_FAULT, side, type Act } from "../support/sides/acts.ts";
import type { SchemaAct } from "./schema-acts.ts";
import type { Statement } from "./statements.ts";
import type { ThingAct } from "./thing-acts.ts";

/** What goes wrong with processes and services. */
export type Mishap =
  | { kind: "kill" | "stop"; process: number }
  | { kind: "cut-connections"; share: number }
  | { kind: "crash-postgres" | "restart-postgres" }
  | { kind: "flush-redis" | "restart-redis" }
  | { kind: "disk-full"; ms: number }
  | { kind: "revoke-token"; ms: number }
  | { kind: "webhook"; fate: "rotate" | "delete" | "degrade" }
  | { kind: "tick" };

/** One step of a run; all of it is data, so that a list of them can be played again without some. */
export type Operation =
  | { kind: "act"; act: Act }
  | { kind: "thing"; act: ThingAct }
  | { kind: "statement"; act: Statement }
  | { kind: "schema"; act: SchemaAct }
  | { kind: "request-fault"; fault: Fault }
  | { kind: "delivery-fault"; fault: DeliveryFault }
  | { kind: "mishap"; mishap: Mishap }
  | { kind: "pause"; ms: number };

const thing = fc.record({
  what: fc.constantFrom("note", "task", "comment"),
  how: fc.constantFrom("add", "add", "change", "drop"),
  side,
  row: number,
  value: number,
});

const statement = fc.record({
  what: fc.constantFrom("many-rows", "whole-row", "upsert", "rollback", "flicker", "refer", "edit-new"),
  object,
  row: number,
  value: number,
});

const schema = fc.record({
  what: fc.constantFrom(
    "add-attribute",
    "rename-attribute",
    "archive-attribute",
    "restore-attribute",
    "add-option",
    "archive-option",
    "edit",
    "edit",
    "edit",
    "edit",
  ),
  side,
  row: number,
  value: number,
});

const requestFault = fc.oneof(
  { weight: 6, arbitrary: REQUEST_FAULT },
  {
    weight: 2,
    arbitrary: fc.constantFrom<Fault[]>(
      { kind: "status", status: 429, headers: { "retry-after": "1" }, times: 40 },
      { kind: "slow", ms: 600, times: 15 },
      { kind: "status", status: 503, times: 10 },
      { kind: "html", status: 502, times: 10 },
      { kind: "short", items: 3, path: /\/query$/, times: 1 },
      { kind: "hang", times: 1 },
      { kind: "refuse", times: 3 },
    ),
  },
);

const deliveryFault = fc.constantFrom<DeliveryFault[]>(
  { kind: "duplicate", copies: 3, times: 5 },
  { kind: "reorder", behind: 4, times: 3 },
  { kind: "delay", ms: 900, times: 4 },
  { kind: "drop", times: 2 },
  { kind: "forge", times: 1 },
);

const mishap = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constantFrom("kill", "kill", "stop"), process: number }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: kind("cut-connections"), share: fc.integer({ min: 1, max: 3 }) }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom("crash-postgres", "restart-postgres") }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom("flush-redis", "restart-redis") }) },
  { weight: 2, arbitrary: fc.record({ kind: kind("disk-full"), ms: fc.integer({ min: 200, max: 1_500 }) }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: kind("revoke-token"), ms: fc.integer({ min: 200, max: 2_000 }) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: kind("webhook"), fate: fc.constantFrom("rotate", "delete", "degrade") }),
  },
  { weight: 2, arbitrary: fc.record({ kind: kind("tick") }) },
);

const operation = fc.oneof(
  { weight: 28, arbitrary: fc.record({ kind: kind("act"), act: fc.oneof(...ACTS) }) },
  { weight: 5, arbitrary: fc.record({ kind: kind("thing"), act: thing }) },
  { weight: 6, arbitrary: fc.record({ kind: kind("statement"), act: statement }) },
  { weight: 3, arbitrary: fc.record({ kind: kind("schema"), act: schema }) },
  { weight: 6, arbitrary: fc.record({ kind: kind("request-fault"), fault: requestFault }) },
  { weight: 3, arbitrary: fc.record({ kind: kind("delivery-fault"), fault: deliveryFault }) },
  { weight: 2, arbitrary: fc.record({ kind: kind("mishap"), mishap }) },
  { weight: 10, arbitrary: fc.record({ kind: kind("pause"), ms: fc.integer({ min: 1, max: 250 }) }) },
) as fc.Arbitrary<Operation>;

/** The operations of a seed: always the same ones. */
export function operationsOf(seed: number, count: number): Operation[] {
  return fc.sample(operation, { seed, numRuns: count });
}
