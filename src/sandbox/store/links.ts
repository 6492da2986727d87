import type { Time } from "../support/time.ts";
import { referenceTo } from "../values/references.ts";
import { emitItem } from "./events.ts";
import type { Actor, Attribute, Fields, Item } from "./model.ts";
import { setActive, slotOf } from "./slots.ts";
import type { State } from "./state.ts";

/** When and by whom. */
interface Stamp {
  readonly at: Time;
  readonly by: Actor;
}

/**
 * Brings the other side of a relationship in step after one side changed (docs page "Record reference attributes"):
 * targets that went lose the item, new ones gain it, and whoever a single-select other side pointed at before is left.
 */
export function mirrorReferences(
  state: State,
  item: Item,
  attribute: Attribute,
  before: readonly Fields[],
  stamp: Stamp,
): void {
  const { pair } = attribute;
  if (pair === undefined) return;
  const old = targets(state, before);
  const now = targets(state, activeFields(item, attribute));
  for (const target of old) if (!now.includes(target)) drop(state, target, pair, item, stamp);
  for (const target of now) if (!old.includes(target)) link(state, target, pair, item, stamp);
}

/** Takes a record out of every reference to it, before it goes. */
export function dropReferences(state: State, record: Item, stamp: Stamp): void {
  for (const { item, attribute } of referencesTo(state, record)) drop(state, item, attribute, record, stamp);
}

/** Every place from which a record is referred to. */
export function referencesTo(state: State, record: Item): { item: Item; attribute: Attribute }[] {
  const places: { item: Item; attribute: Attribute }[] = [];
  for (const [item, attributeIds] of state.referrers.get(record.id) ?? []) {
    for (const id of attributeIds) {
      const attribute = item.container.attributes.get(id);
      if (attribute !== undefined) places.push({ item, attribute });
    }
  }
  return places;
}

/** The fields of the values that are true now. */
export function activeFields(item: Item, attribute: Attribute): Fields[] {
  return slotOf(item, attribute).active.map((interval) => interval.fields);
}

function link(state: State, target: Item, pair: Attribute, item: Item, stamp: Stamp): void {
  const others = activeFields(target, pair).filter((fields) => !refersTo(fields, item));
  const kept = pair.isMultiselect ? others : [];
  change(state, target, pair, [referenceTo(item), ...kept], stamp);
  if (pair.isMultiselect || pair.pair === undefined) return;
  for (const left of targets(state, others)) drop(state, left, pair.pair, target, stamp);
}

function drop(state: State, from: Item, attribute: Attribute, gone: Item, stamp: Stamp): void {
  const kept = activeFields(from, attribute).filter((fields) => !refersTo(fields, gone));
  change(state, from, attribute, kept, stamp);
}

function change(
  state: State,
  item: Item,
  attribute: Attribute,
  wanted: readonly Fields[],
  stamp: Stamp,
): void {
  const changed = setActive(state, item, attribute, wanted, stamp.at, stamp.by);
  if (changed && state.quirks.mirrorEvents) emitItem(state, "updated", item, stamp.by, attribute);
}

function targets(state: State, values: readonly Fields[]): Item[] {
  return values.flatMap((fields) => {
    const id = fields["target_record_id"];
    const item = typeof id === "string" ? state.items.get(id) : undefined;
    return item ?? [];
  });
}

function refersTo(fields: Fields, item: Item): boolean {
  return fields["target_record_id"] === item.id;
}
