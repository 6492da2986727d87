import { toTime, type TimeInput } from "../support/time.ts";
import type { Actor, Container, Item } from "./model.ts";
import { unindexAll } from "./slots.ts";
import type { State } from "./state.ts";

/** What a new item is made of besides its values. */
export interface ItemInput {
  createdAt: TimeInput;
  createdBy: Actor;
  parent?: Item;
}

/** Puts an item without values into its container and all indexes. */
export function addItem(state: State, container: Container, input: ItemInput): Item {
  const item: Item = {
    id: state.random.uuid(),
    container,
    createdAt: toTime(input.createdAt),
    createdBy: input.createdBy,
    parent: input.parent,
    slots: new Map(),
    json: undefined,
    jsonVersion: -1,
  };
  state.items.set(item.id, item);
  container.items.set(item.id, item);
  container.byTime.add(item);
  container.byTail.add(item);
  if (item.parent !== undefined) addToParent(state, item, item.parent);
  return item;
}

/** Takes an item out of its container and all indexes. */
export function removeItem(state: State, item: Item): void {
  unindexAll(state, item);
  state.items.delete(item.id);
  item.container.items.delete(item.id);
  item.container.byTime.remove(item);
  item.container.byTail.remove(item);
  if (item.parent !== undefined) state.entriesOf.get(item.parent.id)?.delete(item);
}

/** Moves an entry below another record, as only a merge does. */
export function moveEntry(state: State, entry: Item, parent: Item): void {
  if (entry.parent !== undefined) state.entriesOf.get(entry.parent.id)?.delete(entry);
  entry.parent = parent;
  entry.json = undefined;
  addToParent(state, entry, parent);
}

/** The entries of a record, in all lists. */
export function entriesOf(state: State, record: Item): Item[] {
  return [...(state.entriesOf.get(record.id) ?? [])];
}

function addToParent(state: State, entry: Item, parent: Item): void {
  const siblings = state.entriesOf.get(parent.id);
  if (siblings === undefined) state.entriesOf.set(parent.id, new Set([entry]));
  else siblings.add(entry);
}
