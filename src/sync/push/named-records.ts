import type { Cells } from "../../db/control/index.ts";
import type { References } from "./references.ts";

/** A record or list entry that a row's changes name, e.g. `{ kind: "record", object: "companies", id: "…" }`. */
export interface NamedItem {
  kind: "record" | "entry";
  /** Slug or id of the object or list; null where the changes do not say it. */
  source: string | null;
  id: string;
}

/** The column beside a place's that says what the place is in. */
const PLACES: Readonly<Record<string, Pick<NamedItem, "kind"> & { source: string }>> = {
  parent_record_id: { kind: "record", source: "parent_object" },
  record_id: { kind: "record", source: "object_id" },
  entry_id: { kind: "entry", source: "list_id" },
};

/** The records and entries that are named by references and places; actors are none. Pure. */
export function namedItems(cells: Cells, { attributes, place }: References): NamedItem[] {
  const referred = attributes.flatMap((attribute) => {
    const objects = attribute.sides.object === undefined ? undefined : cells[attribute.sides.object];
    return [cells[attribute.column]].flat().flatMap((id: unknown, index): NamedItem[] => {
      const object: unknown = Array.isArray(objects) ? objects[index] : objects;
      const source = textOrNull(object) ?? attribute.targetObject;
      return typeof id === "string" ? [{ kind: "record", source, id }] : [];
    });
  });
  const places = place.flatMap((column): NamedItem[] => {
    const id = cells[column];
    const known = PLACES[column];
    return typeof id === "string" && known !== undefined
      ? [{ kind: known.kind, source: textOrNull(cells[known.source]), id }]
      : [];
  });
  const items = [...referred, ...places];
  return items.filter(({ id }, index) => items.findIndex((one) => one.id === id) === index);
}

function textOrNull(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}
