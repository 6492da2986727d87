import { conflict, notFound } from "../support/errors.ts";
import type { Json } from "../support/json.ts";
import { emitAttribute } from "./events.ts";
import { attributeOf, choiceOf, findAttribute, findContainer, findObject, type Target } from "./find.ts";
import type { Attribute, Choice, Container, ObjectDef, VirtualAttribute } from "./model.ts";
import { indexHolders } from "./slots.ts";
import { stamp, type State, type WriteOptions } from "./state.ts";

/** A new attribute. Left out: a writable, optional, single-select attribute titled by its slug. */
export interface AttributeInput {
  slug: string;
  type: string;
  title?: string;
  description?: string | null;
  isMultiselect?: boolean;
  isRequired?: boolean;
  isUnique?: boolean;
  isWritable?: boolean;
  isSystem?: boolean;
  isEnriched?: boolean;
  isArchived?: boolean;
  defaultValue?: Json;
  currency?: { code?: string | null; display?: string | null };
  /** Slugs or ids of the objects a record reference may point to. */
  allowedObjects?: readonly string[];
  /** Titles of the options or statuses. */
  choices?: readonly string[];
  /** Creates the other side too. */
  relationship?: {
    object: string;
    slug: string;
    title?: string;
    isMultiselect?: boolean;
    isSystem?: boolean;
  };
  virtual?: VirtualAttribute;
}

/** What can be changed on an attribute. */
export interface AttributePatch {
  slug?: string;
  title?: string;
  description?: string | null;
  isRequired?: boolean;
  isUnique?: boolean;
  isWritable?: boolean;
  isArchived?: boolean;
  defaultValue?: Json;
  currency?: { code?: string | null; display?: string | null };
  allowedObjects?: readonly string[];
}

/** What can be set on an option or status. */
export interface ChoicePatch {
  title?: string;
  isArchived?: boolean;
  celebrationEnabled?: boolean;
  targetTimeInStatus?: string | null;
}

/** Creates an attribute, with its other side if it is a relationship. Throws 409 `slug_conflict`. */
export function createAttribute(
  state: State,
  target: Target,
  input: AttributeInput,
  options: WriteOptions = {},
): Attribute {
  const container = findContainer(state, target);
  const { at, by } = stamp(state, options);
  const attribute = addAttribute(state, container, input, at);
  if (input.relationship !== undefined) {
    const { object, ...side } = input.relationship;
    const other = findObject(state, object);
    const allowedObjects = container.kind === "object" ? [container.id] : [];
    const pair = addAttribute(state, other, { ...side, type: "record-reference", allowedObjects }, at);
    attribute.pair = pair;
    pair.pair = attribute;
    attribute.allowedObjects = [other];
    emitAttribute(state, "created", pair, by);
  }
  state.schemaVersion++;
  emitAttribute(state, "created", attribute, by);
  return attribute;
}

/** Changes an attribute: renames, archives, restores. Throws 409 `slug_conflict`, 404 `not_found`. */
export function updateAttribute(
  state: State,
  target: Target,
  slugOrId: string,
  patch: AttributePatch,
  options: WriteOptions = {},
): Attribute {
  const container = findContainer(state, target);
  const attribute = findAttribute(container, slugOrId);
  if (patch.slug !== undefined && patch.slug !== attribute.slug) assertFreeSlug(container, patch.slug);
  const { currency, allowedObjects, ...plain } = patch;
  Object.assign(attribute, withoutUndefined(plain));
  if (currency !== undefined) Object.assign(attribute.currency, withoutUndefined(currency));
  if (allowedObjects !== undefined) attribute.allowedObjects = objectsOf(state, allowedObjects);
  if (patch.isUnique !== undefined) indexHolders(attribute);
  state.schemaVersion++;
  emitAttribute(state, "updated", attribute, stamp(state, options).by);
  return attribute;
}

/** Adds an option or a status. Throws 409 `slug_conflict` for a title that exists. */
export function createChoice(
  state: State,
  attribute: Attribute,
  title: string,
  patch: ChoicePatch = {},
  options: WriteOptions = {},
): Choice {
  assertFreeTitle(attribute, title);
  const choice: Choice = {
    id: state.random.uuid(),
    title,
    isArchived: false,
    celebrationEnabled: false,
    targetTimeInStatus: null,
    ...withoutUndefined(patch),
  };
  attribute.choices.set(choice.id, choice);
  choicesChanged(state, attribute, options);
  return choice;
}

/** Changes an option or a status by title or id. Throws 404 `not_found`, 409 `slug_conflict`. */
export function updateChoice(
  state: State,
  attribute: Attribute,
  titleOrId: string,
  patch: ChoicePatch,
  options: WriteOptions = {},
): Choice {
  const choice = findChoice(attribute, titleOrId);
  if (patch.title !== undefined && patch.title !== choice.title) assertFreeTitle(attribute, patch.title);
  Object.assign(choice, withoutUndefined(patch));
  choicesChanged(state, attribute, options);
  return choice;
}

/** The option or status. Throws 404 `not_found`. */
export function findChoice(attribute: Attribute, titleOrId: string): Choice {
  const choice = choiceOf(attribute, titleOrId);
  if (choice !== undefined) return choice;
  const [kind, what] = attribute.type === "status" ? ["status", "status"] : ["select", "select option"];
  const message = `Cannot find ${kind} attribute with ${what} title "${titleOrId}".`;
  throw notFound(message);
}

/** Adds an attribute without an event; the state's schema version is the caller's affair. */
export function addAttribute(
  state: State,
  container: Container,
  input: AttributeInput,
  at: string,
): Attribute {
  assertFreeSlug(container, input.slug);
  const attribute: Attribute = {
    id: state.random.uuid(),
    container,
    createdAt: at,
    type: input.type,
    isMultiselect: input.isMultiselect ?? false,
    isSystem: input.isSystem ?? false,
    virtual: input.virtual,
    isEnriched: input.isEnriched ?? false,
    slug: input.slug,
    title: input.title ?? input.slug,
    description: input.description ?? null,
    isWritable: input.isWritable ?? true,
    isRequired: input.isRequired ?? false,
    isUnique: input.isUnique ?? false,
    isArchived: input.isArchived ?? false,
    defaultValue: input.defaultValue ?? null,
    pair: undefined,
    currency: currencyOf(input),
    allowedObjects: objectsOf(state, input.allowedObjects ?? []),
    choices: new Map(),
    holders: new Map(),
  };
  for (const title of input.choices ?? []) createChoice(state, attribute, title);
  container.attributes.set(attribute.id, attribute);
  return attribute;
}

function currencyOf({ type, currency }: AttributeInput): Attribute["currency"] {
  if (type !== "currency") return { code: null, display: null };
  return { code: currency?.code ?? "USD", display: currency?.display ?? "symbol" };
}

function objectsOf(state: State, names: readonly string[]): ObjectDef[] {
  return names.map((name) => findObject(state, name));
}

function assertFreeSlug(container: Container, slug: string): void {
  if (attributeOf(container, slug) === undefined) return;
  throw conflict(
    "slug_conflict",
    `An attribute with the same API slug already exists on this ${container.kind}. Please choose a different API slug.`,
  );
}

function assertFreeTitle(attribute: Attribute, title: string): void {
  if (![...attribute.choices.values()].some((choice) => choice.title === title)) return;
  const what = attribute.type === "status" ? "status" : "select option";
  throw conflict("slug_conflict", `A ${what} with the title "${title}" already exists.`);
}

function choicesChanged(state: State, attribute: Attribute, options: WriteOptions): void {
  state.schemaVersion++;
  const isNew = !attribute.container.attributes.has(attribute.id);
  if (isNew || !state.quirks.choiceEvents) return;
  emitAttribute(state, "updated", attribute, stamp(state, options).by);
}

function withoutUndefined<T extends object>(patch: T): T {
  return Object.fromEntries(Object.entries(patch).filter(([, value]) => value !== undefined)) as T;
}
