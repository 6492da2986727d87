import type { ColumnType } from "../../db/mirror/tables.ts";

/** How a value of an attribute is read: one kind for each way that Attio writes values. */
export type ValueKind =
  | "actor-reference"
  | "checkbox"
  | "currency"
  | "date"
  | "domain"
  | "email-address"
  | "interaction"
  | "json"
  | "location"
  | "number"
  | "personal-name"
  | "phone-number"
  | "rating"
  | "record-reference"
  | "select"
  | "status"
  | "text"
  | "timestamp";

export interface SideColumn {
  /** What follows the attribute's own column in the name. */
  suffix: string;
  type: ColumnType;
}

/** The columns that an attribute takes, names apart. */
export interface AttributeShape {
  kind: ValueKind;
  multi: boolean;
  type: ColumnType;
  sides: readonly SideColumn[];
}

/** What decides an attribute's shape. */
export interface ShapeInput {
  type: string;
  isMultiselect: boolean;
  /** Ids of the objects that a record-reference may point at; empty: any. */
  allowedObjectIds: readonly string[];
}

const text = (suffix: string): SideColumn => ({ suffix, type: "text" });

/** The address parts of a location, in the order in which Attio has them. */
export const LOCATION_PARTS = [
  "line_1",
  "line_2",
  "line_3",
  "line_4",
  "locality",
  "region",
  "postcode",
  "country_code",
] as const;

const LOCATION_SIDES: readonly SideColumn[] = [
  ...LOCATION_PARTS.map(text),
  { suffix: "latitude", type: "numeric" },
  { suffix: "longitude", type: "numeric" },
];

/** Types that hold one value only; should Attio ever send several, they are kept as JSON. */
const SINGLE: Readonly<Record<string, Omit<AttributeShape, "multi">>> = {
  checkbox: { kind: "checkbox", type: "boolean", sides: [] },
  currency: { kind: "currency", type: "numeric", sides: [text("currency")] },
  rating: { kind: "rating", type: "smallint", sides: [] },
  "personal-name": { kind: "personal-name", type: "text", sides: [text("first"), text("last")] },
  location: { kind: "location", type: "text", sides: LOCATION_SIDES },
  interaction: {
    kind: "interaction",
    type: "timestamp with time zone",
    sides: [text("type"), { suffix: "owner", type: "uuid" }],
  },
};

/** Types that hold one value or a list of them, with the column for each. */
const SINGLE_OR_LIST: Readonly<Record<string, readonly [ValueKind, ColumnType, ColumnType]>> = {
  text: ["text", "text", "text[]"],
  number: ["number", "double precision", "double precision[]"],
  date: ["date", "date", "date[]"],
  timestamp: ["timestamp", "timestamp with time zone", "timestamp with time zone[]"],
  select: ["select", "text", "text[]"],
  status: ["status", "text", "text[]"],
  domain: ["domain", "text", "text[]"],
  "email-address": ["email-address", "text", "text[]"],
  "phone-number": ["phone-number", "text", "text[]"],
};

/**
 * Says which columns an attribute takes. Pure.
 *
 * Types and their read forms: docs.attio.com, "Attribute types". A type that is not known is kept as `jsonb`.
 */
export function attributeShape({ type, isMultiselect: multi, allowedObjectIds }: ShapeInput): AttributeShape {
  const list = SINGLE_OR_LIST[type];
  if (list !== undefined) return { kind: list[0], multi, type: multi ? list[2] : list[1], sides: [] };

  const single = SINGLE[type];
  if (single !== undefined && !multi) return { ...single, multi };

  const sideType = multi ? "text[]" : "text";
  const uuid = multi ? "uuid[]" : "uuid";
  if (type === "record-reference") {
    const sides: SideColumn[] = allowedObjectIds.length === 1 ? [] : [{ suffix: "object", type: sideType }];
    return { kind: "record-reference", multi, type: uuid, sides };
  }
  if (type === "actor-reference") {
    return { kind: "actor-reference", multi, type: uuid, sides: [{ suffix: "type", type: sideType }] };
  }
  return { kind: "json", multi, type: "jsonb", sides: [] };
}

/** Whether values of an attribute can be written at all (docs: "Attribute types"; formulas and interactions can't). */
export function isWritable(
  attribute: { isWritable: boolean; isArchived: boolean },
  kind: ValueKind,
): boolean {
  return attribute.isWritable && !attribute.isArchived && kind !== "json" && kind !== "interaction";
}
