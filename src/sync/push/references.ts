import type { Cells } from "../../db/control/index.ts";
import type { ReferenceState } from "../../db/queries/outbox.ts";
import { columnsOf, type AttributePlan } from "../mapping/record-plan.ts";
import { cellsOf } from "./attribute-cells.ts";

/** What of a row's changes points at other rows. */
export interface References {
  /** The reference attributes that were changed. */
  attributes: readonly AttributePlan[];
  /** Columns that say where a row belongs, without which it cannot be made. */
  place: readonly string[];
}

export type Resolution =
  | {
      kind: "resolved";
      cells: Cells;
      /** What is connected once the rows that it names exist. */
      later: { changes: Cells; base: Cells };
    }
  /** A row that is named was not made yet, or will not be. */
  | { kind: "waits"; column: string; hasFailed: boolean };

/** The ids that are named. Pure. */
export function idsNamed(local: Cells, references: References): string[] {
  return columnsNaming(references).flatMap((column) => idsIn(local[column]));
}

/**
 * Puts today's ids in place of provisional ones. Of rows that point at each other, the first is made without the other and
 * connected afterwards; so is one that points at itself. Pure.
 *
 * @param changeId the row's own first change, where it is inserted: it waits for none of its own or later ones; null for an update
 */
export function resolveReferences(
  local: Cells,
  references: References,
  known: ReadonlyMap<string, ReferenceState>,
  changeId: number | null,
): Resolution {
  const cells = { ...local };
  const later: { changes: Cells; base: Cells } = { changes: {}, base: {} };
  for (const column of columnsNaming(references)) {
    const unmade = idsIn(local[column]).flatMap((id) => {
      const state = known.get(id);
      return state !== undefined && (state.waitsFor !== null || state.failed) ? [state] : [];
    });
    if (unmade.length === 0) {
      cells[column] = today(local[column], known);
      continue;
    }
    const attribute = references.attributes.find((one) => one.column === column);
    const mayFollow =
      changeId !== null && unmade.every(({ waitsFor, failed }) => failed || (waitsFor ?? 0) >= changeId);
    if (attribute === undefined || !mayFollow)
      return { kind: "waits", column, hasFailed: unmade.some(({ failed }) => failed) };
    Object.assign(later.changes, cellsOf(attribute, local));
    for (const name of columnsOf(attribute)) {
      later.base[name] = null;
      Reflect.deleteProperty(cells, name);
    }
  }
  return { kind: "resolved", cells, later };
}

/** Puts today's ids in place of former ones, whether or not what they name was made. Pure. */
export function withTodaysIds(
  cells: Cells,
  references: References,
  known: ReadonlyMap<string, ReferenceState>,
): Cells {
  const columns = columnsNaming(references).filter((column) => column in cells);
  return { ...cells, ...Object.fromEntries(columns.map((column) => [column, today(cells[column], known)])) };
}

/**
 * Names the object of each reference that may point at several: the one that the record is known to be of, whatever the
 * column beside it says, which may be of a former value; else what was given. Pure.
 *
 * @param objects record id → slug
 */
export function withObjects(
  cells: Cells,
  attributes: readonly AttributePlan[],
  objects: ReadonlyMap<string, string>,
): Cells {
  const named: Cells = {};
  for (const { column, sides, multi } of attributes) {
    const side = sides.object;
    if (side === undefined || !(column in cells)) continue;
    const ids = idsIn(cells[column]);
    const given = [cells[side] ?? []].flat();
    const isAligned = given.length === ids.length;
    const slugs = ids.map((id, place) => objects.get(id) ?? (isAligned ? given[place] : null) ?? null);
    named[side] = multi ? (Array.isArray(cells[column]) ? slugs : null) : (slugs[0] ?? null);
  }
  return { ...cells, ...named };
}

/** The first reference of which nobody knows at which object it points. Pure. */
export function idsWithoutObject(
  cells: Cells,
  attributes: readonly AttributePlan[],
): { main: string; object: string } | undefined {
  for (const { column, sides } of attributes) {
    const side = sides.object;
    if (side === undefined) continue;
    const slugs: unknown[] = [cells[side] ?? []].flat();
    const ids = idsIn(cells[column]);
    if (slugs.length < ids.length || slugs.includes(null)) return { main: column, object: side };
  }
  return undefined;
}

function columnsNaming({ attributes, place }: References): string[] {
  return [...attributes.map(({ column }) => column), ...place];
}

function idsIn(value: unknown): string[] {
  return [value].flat().filter((id) => typeof id === "string");
}

function today(value: unknown, known: ReadonlyMap<string, ReferenceState>): unknown {
  const current = (id: unknown) => (typeof id === "string" ? (known.get(id)?.current ?? id) : id);
  return Array.isArray(value) ? value.map(current) : current(value);
}
