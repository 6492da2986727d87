import { badRequest } from "../support/errors.ts";
import type { Time } from "../support/time.ts";
import { parseValues, type FriendlyValue } from "../values/parse.ts";
import { valueKey } from "../values/unique-key.ts";
import { emitItem } from "./events.ts";
import { attributeOf } from "./find.ts";
import { mirrorReferences } from "./links.ts";
import type { Actor, Attribute, Container, Fields, Item } from "./model.ts";
import { assertUnique, setActive, slotOf } from "./slots.ts";
import type { State } from "./state.ts";

/** Values by attribute slug or id. */
export type Values = Readonly<Record<string, FriendlyValue>>;

/** How a multi-select takes what is written: added in front of what is there, or in its place. */
export type Mode = "append" | "overwrite";

/** Values that passed validation, by attribute. */
export type Parsed = ReadonlyMap<Attribute, readonly Fields[]>;

/** Validates the values of a write. Throws SandboxError with Attio's codes; nothing is changed. */
export function parseAll(state: State, container: Container, values: Values, trusted: boolean): Parsed {
  const parsed = new Map<Attribute, readonly Fields[]>();
  for (const [key, raw] of Object.entries(values)) {
    const attribute = attributeOf(container, key);
    if (attribute === undefined)
      throw badRequest("value_not_found", `Cannot find attribute with slug/ID "${key}".`);
    if (attribute.virtual !== undefined || (!trusted && !attribute.isWritable)) {
      throw badRequest("validation_type", `Attribute with slug "${attribute.slug}" cannot be written.`);
    }
    parsed.set(attribute, parseValues(state, attribute, raw, trusted));
  }
  return parsed;
}

/** What the attributes will hold once written: appended values come before those there, without duplicates. */
export function resolve(
  item: Item | undefined,
  parsed: Parsed,
  modeOf: (attribute: Attribute) => Mode,
): Parsed {
  const resolved = new Map<Attribute, readonly Fields[]>();
  for (const [attribute, wanted] of parsed) {
    const append = item !== undefined && attribute.isMultiselect && modeOf(attribute) === "append";
    resolved.set(attribute, append ? prepend(attribute, wanted, slotOf(item, attribute).active) : wanted);
  }
  return resolved;
}

/** Throws 400 `uniqueness_conflict` or, for a required attribute left empty, `missing_value`. */
export function assertAllowed(item: Item | undefined, resolved: Parsed): void {
  for (const [attribute, wanted] of resolved) {
    if (attribute.isRequired && wanted.length === 0) throw missingValue(attribute);
    assertUnique(item, attribute, wanted);
  }
}

/** The refusal for a required attribute without a value. */
export function missingValue(attribute: Attribute): Error {
  return badRequest(
    "missing_value",
    `Required value for attribute with ID "${attribute.id}" was not provided.`,
  );
}

/** Writes what {@link resolve} found, mirrors relationships, emits one event for each attribute that changed. */
export function applyValues(
  state: State,
  item: Item,
  resolved: Parsed,
  { at, by, silent = false }: { at: Time; by: Actor; silent?: boolean },
): void {
  for (const [attribute, wanted] of resolved) {
    const before = slotOf(item, attribute).active.map((interval) => interval.fields);
    if (!setActive(state, item, attribute, wanted, at, by)) continue;
    if (!silent) emitItem(state, "updated", item, by, attribute);
    mirrorReferences(state, item, attribute, before, { at, by });
  }
}

function prepend(
  attribute: Attribute,
  wanted: readonly Fields[],
  active: readonly { fields: Fields }[],
): readonly Fields[] {
  const present = new Set(active.map(({ fields }) => valueKey(attribute, fields)));
  const added = wanted.filter((fields) => !present.has(valueKey(attribute, fields)));
  return [...added, ...active.map(({ fields }) => fields)];
}
