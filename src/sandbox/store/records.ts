import { badRequest } from "../support/errors.ts";
import type { Time, TimeInput } from "../support/time.ts";
import { removeBelongings } from "./belongings.ts";
import { defaultsFor } from "./defaults.ts";
import { emitItem } from "./events.ts";
import { findEntry, findList, findObject, findRecord } from "./find.ts";
import { addItem, entriesOf, removeItem } from "./items.ts";
import { dropReferences } from "./links.ts";
import type { Actor, Attribute, Container, Item, ListDef, ObjectDef } from "./model.ts";
import type { RecordRef } from "./resources.ts";
import { stamp, type State, type WriteOptions } from "./state.ts";
import {
  applyValues,
  assertAllowed,
  missingValue,
  parseAll,
  resolve,
  type Mode,
  type Parsed,
  type Values,
} from "./write-values.ts";

/** How an item is created. */
export interface CreateOptions extends WriteOptions {
  createdAt?: TimeInput;
  /** False: held to the rules of the API, with required attributes and defaults. */
  trusted?: boolean;
}

/** How an item is changed. */
export interface UpdateOptions extends WriteOptions {
  /** How multi-selects take the values; overwrite if left out. */
  mode?: Mode | ((attribute: Attribute) => Mode);
  trusted?: boolean;
}

/** Creates a record. Throws SandboxError with Attio's codes for bad values. */
export function createRecord(
  state: State,
  object: string | ObjectDef,
  values: Values,
  options: CreateOptions = {},
): Item {
  return createItem(state, findObject(state, object), values, options);
}

/** Creates an entry for a record. Throws SandboxError with Attio's codes. */
export function createEntry(
  state: State,
  list: string | ListDef,
  parent: RecordRef,
  values: Values = {},
  options: CreateOptions = {},
): Item {
  const found = findList(state, list);
  const record = resolveRecord(state, parent);
  if (!found.parentObjects.some((object) => object === record.container)) {
    throw badRequest("validation_type", `Records of that object cannot be added to list "${found.slug}".`);
  }
  return createItem(state, found, values, options, record);
}

/** Changes a record. Throws 404 `not_found`, 400 with Attio's codes. */
export function updateRecord(
  state: State,
  object: string | ObjectDef,
  recordId: string,
  values: Values,
  options: UpdateOptions = {},
): Item {
  return updateItem(state, findRecord(findObject(state, object), recordId), values, options);
}

/** Changes an entry. Throws 404 `not_found`, 400 with Attio's codes. */
export function updateEntry(
  state: State,
  list: string | ListDef,
  entryId: string,
  values: Values,
  options: UpdateOptions = {},
): Item {
  return updateItem(state, findEntry(findList(state, list), entryId), values, options);
}

/** Changes an item that is at hand. */
export function updateItem(state: State, item: Item, values: Values, options: UpdateOptions = {}): Item {
  const { mode = "overwrite", trusted = true } = options;
  const parsed = parseAll(state, item.container, values, trusted);
  const resolved = resolve(item, parsed, typeof mode === "function" ? mode : () => mode);
  assertAllowed(item, resolved);
  applyValues(state, item, resolved, stamp(state, options));
  return item;
}

/** Deletes a record and all that belongs to it. Throws 404 `not_found`. */
export function deleteRecord(
  state: State,
  object: string | ObjectDef,
  recordId: string,
  options: WriteOptions = {},
): void {
  removeRecord(state, findRecord(findObject(state, object), recordId), stamp(state, options));
}

/** Deletes an entry. Throws 404 `not_found`. */
export function deleteEntry(
  state: State,
  list: string | ListDef,
  entryId: string,
  options: WriteOptions = {},
): void {
  const entry = findEntry(findList(state, list), entryId);
  removeEntry(state, entry, stamp(state, options), false);
}

/** Deletes a record that is at hand. What Attio does with entries and notes is not documented: here they go too. */
export function removeRecord(state: State, record: Item, { at, by }: { at: Time; by: Actor }): void {
  for (const entry of entriesOf(state, record)) {
    removeEntry(state, entry, { at, by }, !state.quirks.cascadeEvents);
  }
  removeBelongings(state, record, by);
  dropReferences(state, record, { at, by });
  removeItem(state, record);
  emitItem(state, "deleted", record, by);
}

/** The record that is meant. Throws 404 `not_found`. */
export function resolveRecord(state: State, ref: RecordRef): Item {
  if (!("recordId" in ref)) return ref;
  return findRecord(findObject(state, ref.object), ref.recordId);
}

function createItem(
  state: State,
  container: Container,
  values: Values,
  options: CreateOptions,
  parent?: Item,
): Item {
  const trusted = options.trusted ?? true;
  const { at, by } = stamp(state, { ...options, at: options.at ?? options.createdAt ?? state.now() });
  const given = parseAll(state, container, values, trusted);
  const resolved: Parsed = trusted ? given : new Map([...defaultsFor(state, container, given, by), ...given]);
  if (!trusted) assertRequired(container, resolved);
  assertAllowed(undefined, resolved);
  const createdAt = options.createdAt ?? at;
  const item = addItem(state, container, { createdAt, createdBy: by, ...(parent && { parent }) });
  emitItem(state, "created", item, by);
  applyValues(state, item, resolved, { at, by, silent: !state.quirks.createEmitsUpdates });
  return item;
}

function assertRequired(container: Container, resolved: Parsed): void {
  for (const attribute of container.attributes.values()) {
    const isMissing = attribute.isRequired && !attribute.isArchived && !resolved.has(attribute);
    if (isMissing) throw missingValue(attribute);
  }
}

function removeEntry(state: State, entry: Item, { at, by }: { at: Time; by: Actor }, silent: boolean): void {
  removeBelongings(state, entry, by);
  dropReferences(state, entry, { at, by });
  removeItem(state, entry);
  if (!silent) emitItem(state, "deleted", entry, by);
}
