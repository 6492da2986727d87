import fc from "fast-check";
import type { DeliveryFault, Fault } from "../../src/sandbox/index.ts";
import { ACTS, kind, number, object, REQUEST_FAULT, side, type Act } from "../support/sides/acts.ts";
import type { BulkAct } from "./bulks.ts";
import type { ColumnsApartAct } from "./columns-apart.ts";
import type { HangingAct } from "./hanging-acts.ts";
import type { MixedReferenceAct } from "./mixed-references.ts";
import type { PartAct } from "./parts.ts";
import type { SchemaAct } from "./schema-acts.ts";
import type { SpentIdAct } from "./spent-ids.ts";
import type { Statement } from "./statements.ts";
import type { ThingAct } from "./thing-acts.ts";
import type { UniqueValueAct } from "./unique-values.ts";

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
  | { kind: "hanging"; act: HangingAct }
  | { kind: "unique-value"; act: UniqueValueAct }
  | { kind: "spent-id"; act: SpentIdAct }
  | { kind: "part"; act: PartAct }
  | { kind: "mixed-reference"; act: MixedReferenceAct }
  | { kind: "bulk"; act: BulkAct }
  | { kind: "columns-apart"; act: ColumnsApartAct }
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
  what: fc.constantFrom(
    "many-rows",
    "whole-row",
    "upsert",
    "rollback",
    "flicker",
    "refer",
    "edit-new",
    "replace",
  ),
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

const table = fc.constantFrom("people", "companies");

/** Most of it is done here: what is done there explains much. */
const mostlyHere = fc.constantFrom("here", "here", "here", "there");

const hanging = fc.record({
  what: fc.constantFrom("link", "relink", "reply", "note", "entry"),
  side: mostlyHere,
  object: table,
  row: number,
  other: number,
  isMerged: fc.constantFrom(true, false, false, false),
});

const uniqueValue = fc.record({
  what: fc.constantFrom(
    "holder",
    "holder",
    "heir",
    "heir",
    "keeper",
    "hand-over",
    "hand-over",
    "swap",
    "swap",
  ),
  side: mostlyHere,
  object: table,
  from: number,
  to: number,
  isTogether: fc.boolean(),
  isGivenFirst: fc.boolean(),
});

const spentId = fc.record({ what: fc.constantFrom("upsert", "insert"), object, row: number, value: number });

const part = fc.record({
  what: fc.constantFrom("insert", "edit"),
  of: fc.constantFrom("name", "place"),
  side: mostlyHere,
  row: number,
  part: number,
  value: number,
});

const mixedReference = fc.record({
  what: fc.constantFrom("set", "append", "insert"),
  side: mostlyHere,
  project: number,
  to: table,
  row: number,
});

const bulk = fc.record({
  what: fc.constantFrom("insert", "update", "delete", "single", "single", "single"),
  row: number,
  value: number,
});

const columnsApart = fc.record({
  row: number,
  value: number,
  apartMs: fc.integer({ min: 2_100, max: 4_000 }),
});

/** Refusals that hold for a moment only; nothing was applied. */
const passing = (method: string, path: RegExp, status: number, code: string): Fault => ({
  kind: "status",
  status,
  body: { status_code: status, type: "invalid_request_error", code, message: "Not now." },
  method,
  path,
  times: 1,
});

const requestFault = fc.oneof(
  { weight: 6, arbitrary: REQUEST_FAULT },
  {
    weight: 3,
    arbitrary: fc.constantFrom<Fault[]>(
      passing("POST", /\/records$/, 409, "concurrent_write_conflict"),
      passing("PUT", /\/records(\?.*|\/[^/]+)?$/, 409, "concurrent_write_conflict"),
      passing("PATCH", /\/records\/[^/]+$/, 409, "concurrent_write_conflict"),
      passing("PATCH", /\/records\/[^/]+$/, 400, "merge_in_progress"),
    ),
  },
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
  { weight: 4, arbitrary: fc.record({ kind: kind("hanging"), act: hanging }) },
  { weight: 7, arbitrary: fc.record({ kind: kind("unique-value"), act: uniqueValue }) },
  { weight: 3, arbitrary: fc.record({ kind: kind("spent-id"), act: spentId }) },
  { weight: 5, arbitrary: fc.record({ kind: kind("part"), act: part }) },
  { weight: 3, arbitrary: fc.record({ kind: kind("mixed-reference"), act: mixedReference }) },
  { weight: 3, arbitrary: fc.record({ kind: kind("bulk"), act: bulk }) },
  { weight: 1, arbitrary: fc.record({ kind: kind("columns-apart"), act: columnsApart }) },
  { weight: 7, arbitrary: fc.record({ kind: kind("request-fault"), fault: requestFault }) },
  { weight: 3, arbitrary: fc.record({ kind: kind("delivery-fault"), fault: deliveryFault }) },
  { weight: 2, arbitrary: fc.record({ kind: kind("mishap"), mishap }) },
  { weight: 10, arbitrary: fc.record({ kind: kind("pause"), ms: fc.integer({ min: 1, max: 250 }) }) },
) as fc.Arbitrary<Operation>;

/**
 * The operations of a seed: always the same ones.
 *
 * @param only the kinds that are left of them; all, if empty
 */
export function operationsOf(seed: number, count: number, only: readonly string[] = []): Operation[] {
  const all = fc.sample(operation, { seed, numRuns: count });
  return only.length === 0 ? all : all.filter((one) => only.includes(one.kind));
}
