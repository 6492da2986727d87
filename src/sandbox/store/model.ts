import type { Json, JsonObject } from "../support/json.ts";
import type { Time } from "../support/time.ts";
import type { SortedItems } from "./sorted-items.ts";

/** Who did something (docs page "Actors"). */
export interface Actor {
  readonly type: "api-token" | "workspace-member" | "system" | "app";
  readonly id: string | null;
}

/** The type's own fields of one value. Options, statuses and references are kept by id and written out on reading. */
export type Fields = JsonObject;

/** One value and the time during which it was true. */
export interface Interval {
  readonly from: Time;
  readonly until: Time | null;
  readonly actor: Actor;
  readonly fields: Fields;
}

/** All values of one attribute of one item: those true now, in Attio's order, and those before, oldest first. */
export interface Slot {
  readonly active: readonly Interval[];
  readonly past: readonly Interval[];
}

/** A record or a list entry. */
export interface Item {
  readonly id: string;
  readonly container: Container;
  readonly createdAt: Time;
  readonly createdBy: Actor;
  /** The record that an entry stands for; undefined on records. Changes only by a merge. */
  parent: Item | undefined;
  /** By attribute id. */
  slots: Map<string, Slot>;
  /** The item as JSON text, valid while `jsonVersion` is the state's schema version. */
  json: Buffer | undefined;
  jsonVersion: number;
}

/** A select option or a status. */
export interface Choice {
  readonly id: string;
  title: string;
  isArchived: boolean;
  celebrationEnabled: boolean;
  /** ISO 8601 duration. */
  targetTimeInStatus: string | null;
}

/** Values that an attribute has by its nature, without being stored. */
export type VirtualAttribute = "id" | "created_at" | "created_by" | "parent_record";

/** An attribute of an object or a list. */
export interface Attribute {
  readonly id: string;
  readonly container: Container;
  readonly createdAt: Time;
  /** Open on purpose: the sandbox also plays types of the future. */
  readonly type: string;
  readonly isMultiselect: boolean;
  readonly isSystem: boolean;
  readonly virtual: VirtualAttribute | undefined;
  /** Filled by Attio's own data: its history cannot be read. */
  readonly isEnriched: boolean;
  slug: string;
  title: string;
  description: string | null;
  isWritable: boolean;
  isRequired: boolean;
  isUnique: boolean;
  isArchived: boolean;
  defaultValue: Json;
  /** The other side of a relationship. */
  pair: Attribute | undefined;
  currency: { code: string | null; display: string | null };
  allowedObjects: ObjectDef[];
  readonly choices: Map<string, Choice>;
  /** Holders of each value, for unique attributes. */
  readonly holders: Map<string, Set<Item>>;
}

interface ContainerBase {
  readonly id: string;
  readonly createdAt: Time;
  slug: string;
  /** By id, in the order of the user interface. */
  readonly attributes: Map<string, Attribute>;
  readonly items: Map<string, Item>;
  readonly byTime: SortedItems;
  /** An order that has nothing to do with time: what a query without `sorts` answers in. */
  readonly byTail: SortedItems;
}

/** An object: people, companies, a custom one. */
export interface ObjectDef extends ContainerBase {
  readonly kind: "object";
  readonly isStandard: boolean;
  isEnabled: boolean;
  singular: string;
  plural: string;
}

/** Access to a list (docs page "Lists"). */
export type AccessLevel = "full-access" | "read-and-write" | "read-only";

/** A list of entries. */
export interface ListDef extends ContainerBase {
  readonly kind: "list";
  readonly parentObjects: readonly ObjectDef[];
  readonly createdBy: Actor;
  name: string;
  workspaceAccess: AccessLevel | null;
  memberAccess: { memberId: string; level: AccessLevel }[];
  /** Not shared with the token: looks as if it did not exist. */
  isHidden: boolean;
}

/** What holds items and attributes. */
export type Container = ObjectDef | ListDef;
