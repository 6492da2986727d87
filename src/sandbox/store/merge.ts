import { badRequest, SandboxError } from "../support/errors.ts";
import { referenceTo } from "../values/references.ts";
import { distinctValues } from "../values/unique-key.ts";
import { moveBelongings } from "./belongings.ts";
import { emitItem, emitMerged } from "./events.ts";
import { findObject } from "./find.ts";
import { addItem, entriesOf, moveEntry, removeItem } from "./items.ts";
import { activeFields, referencesTo } from "./links.ts";
import type { Actor, Attribute, Fields, Item, ObjectDef } from "./model.ts";
import { setActive } from "./slots.ts";
import { stamp, type State, type WriteOptions } from "./state.ts";

/** How records are merged. */
export interface MergeOptions extends WriteOptions {
  /** The new record answers 404 `merge_in_progress` until `finishMerge`. */
  inProgress?: boolean;
}

/**
 * Makes a third, new record of two (docs page "Merge two records"): the primary's values win, the secondary's fill
 * gaps, multi-selects are united; entries, references, notes and tasks follow; both originals are gone.
 * Throws 400 `self_merge`, 404 `value_not_found`.
 */
export function mergeRecords(
  state: State,
  objectName: string | ObjectDef,
  primaryId: string,
  secondaryId: string,
  options: MergeOptions = {},
): Item {
  const object = findObject(state, objectName);
  if (primaryId === secondaryId) throw badRequest("self_merge", "A record cannot be merged with itself.");
  const originals = [original(object, primaryId), original(object, secondaryId)] as const;
  const written = stamp(state, options);
  const merged = addItem(state, object, { createdAt: written.at, createdBy: written.by });
  if (options.inProgress === true) state.merging.add(merged.id);
  const values = unite(object, ...originals);
  const referring = originals.flatMap((one) => referencesTo(state, one));
  for (const one of originals) moveAway(state, one, merged);
  for (const [attribute, fields] of values)
    setActive(state, merged, attribute, fields, written.at, written.by);
  for (const place of referring) redirect(state, place, originals, merged, written);
  emitMerged(state, merged, originals, written.by);
  return merged;
}

/** Ends a merge that was left in progress. */
export function finishMerge(state: State, newRecordId: string): void {
  state.merging.delete(newRecordId);
}

function original(object: ObjectDef, id: string): Item {
  const record = object.items.get(id);
  if (record !== undefined) return record;
  throw new SandboxError(404, "value_not_found", `Record with ID "${id}" not found.`);
}

function unite(object: ObjectDef, primary: Item, secondary: Item): [Attribute, Fields[]][] {
  return [...object.attributes.values()].map((attribute) => {
    const [first, second] = [activeFields(primary, attribute), activeFields(secondary, attribute)];
    if (!attribute.isMultiselect) return [attribute, first.length > 0 ? first : second];
    return [attribute, distinctValues(attribute, [...first, ...second])];
  });
}

function moveAway(state: State, one: Item, merged: Item): void {
  for (const entry of entriesOf(state, one)) moveEntry(state, entry, merged);
  moveBelongings(state, one, merged);
  removeItem(state, one);
  state.mergedInto.set(one.id, merged.id);
}

/** Points a reference at the new record, unless it is a relationship's other side that the new record doesn't have. */
function redirect(
  state: State,
  { item, attribute }: { item: Item; attribute: Attribute },
  originals: readonly Item[],
  merged: Item,
  { at, by }: { at: string; by: Actor },
): void {
  if (!state.items.has(item.id)) return;
  const { pair } = attribute;
  const isMutual =
    pair === undefined || activeFields(merged, pair).some((fields) => fields["target_record_id"] === item.id);
  const wanted = activeFields(item, attribute).flatMap((fields) => {
    if (!originals.some((one) => one.id === fields["target_record_id"])) return [fields];
    return isMutual ? [referenceTo(merged)] : [];
  });
  const changed = setActive(state, item, attribute, distinctValues(attribute, wanted), at, by);
  if (changed && state.quirks.cascadeEvents) emitItem(state, "updated", item, by, attribute);
}
