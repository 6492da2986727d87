import { badRequest } from "../support/errors.ts";
import type { Time } from "../support/time.ts";
import { uniqueKey, valueKey } from "../values/unique-key.ts";
import type { Actor, Attribute, Fields, Interval, Item, Slot } from "./model.ts";
import type { State } from "./state.ts";

const EMPTY: Slot = { active: [], past: [] };

/** The values of an attribute of an item; empty if it never had one. */
export function slotOf(item: Item, attribute: Attribute): Slot {
  return item.slots.get(attribute.id) ?? EMPTY;
}

/**
 * Makes the given values the ones that are true from now on. A value that is there already keeps its interval, one
 * that is gone gets its end. Returns false, and does nothing, if nothing differs.
 */
export function setActive(
  state: State,
  item: Item,
  attribute: Attribute,
  wanted: readonly Fields[],
  at: Time,
  by: Actor,
): boolean {
  const { active, past } = slotOf(item, attribute);
  const fresh = (fields: Fields): Interval => ({ from: at, until: null, actor: by, fields });
  const next = active.length === 0 ? wanted.map(fresh) : keepEqual(attribute, active, wanted, fresh);
  if (next.length === active.length && next.every((interval, index) => interval === active[index]))
    return false;
  const gone = active.filter((interval) => !next.includes(interval));
  const ended = gone.map((interval) => ({ ...interval, until: at < interval.from ? interval.from : at }));
  replaceSlot(state, item, attribute, {
    active: next,
    past: ended.length === 0 ? past : [...past, ...ended],
  });
  return true;
}

function keepEqual(
  attribute: Attribute,
  active: readonly Interval[],
  wanted: readonly Fields[],
  fresh: (fields: Fields) => Interval,
): Interval[] {
  const known = new Map(active.map((interval) => [valueKey(attribute, interval.fields), interval]));
  return wanted.map((fields) => known.get(valueKey(attribute, fields)) ?? fresh(fields));
}

/** Puts a whole slot in place and keeps the indexes of unique values and references in step. */
export function replaceSlot(state: State, item: Item, attribute: Attribute, slot: Slot): void {
  const before = slotOf(item, attribute).active;
  for (const interval of before) unindex(state, item, attribute, interval);
  for (const interval of slot.active) index(state, item, attribute, interval);
  item.slots.set(attribute.id, slot);
  item.json = undefined;
}

/** Takes an item's values out of the indexes, before it goes. */
export function unindexAll(state: State, item: Item): void {
  for (const attribute of item.container.attributes.values()) {
    for (const interval of slotOf(item, attribute).active) unindex(state, item, attribute, interval);
  }
}

/** Throws 400 `uniqueness_conflict` if another item of the container holds one of the values. */
export function assertUnique(item: Item | undefined, attribute: Attribute, wanted: readonly Fields[]): void {
  if (!attribute.isUnique) return;
  for (const fields of wanted) {
    for (const holder of attribute.holders.get(uniqueKey(attribute, fields)) ?? []) {
      if (holder === item) continue;
      throw badRequest(
        "uniqueness_conflict",
        `The value provided for attribute with slug "${attribute.slug}" conflicts with one already in the system.`,
      );
    }
  }
}

/** Indexes the values that an attribute has already, when it becomes unique. */
export function indexHolders(attribute: Attribute): void {
  attribute.holders.clear();
  if (!attribute.isUnique) return;
  for (const item of attribute.container.items.values()) {
    for (const { fields } of slotOf(item, attribute).active) hold(attribute, fields, item);
  }
}

function index(state: State, item: Item, attribute: Attribute, { fields }: Interval): void {
  if (attribute.isUnique) hold(attribute, fields, item);
  const target = referenced(attribute, fields);
  if (target === undefined) return;
  const referrers = state.referrers.get(target) ?? new Map<Item, Set<string>>();
  state.referrers.set(target, referrers);
  referrers.set(item, (referrers.get(item) ?? new Set()).add(attribute.id));
}

function unindex(state: State, item: Item, attribute: Attribute, { fields }: Interval): void {
  if (attribute.isUnique) attribute.holders.get(uniqueKey(attribute, fields))?.delete(item);
  const target = referenced(attribute, fields);
  if (target === undefined) return;
  const referrers = state.referrers.get(target);
  const attributes = referrers?.get(item);
  attributes?.delete(attribute.id);
  if (attributes?.size === 0) referrers?.delete(item);
  if (referrers?.size === 0) state.referrers.delete(target);
}

function hold(attribute: Attribute, fields: Fields, item: Item): void {
  const key = uniqueKey(attribute, fields);
  const holders = attribute.holders.get(key);
  if (holders === undefined) attribute.holders.set(key, new Set([item]));
  else holders.add(item);
}

function referenced(attribute: Attribute, fields: Fields): string | undefined {
  const id = fields["target_record_id"];
  return attribute.type === "record-reference" && typeof id === "string" ? id : undefined;
}
