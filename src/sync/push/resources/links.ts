import type { Cells } from "../../../db/control/index.ts";
import { isJsonObject } from "../../../lib/json.ts";
import { textOf } from "./resource.ts";

export const LINKS = "linked_records";
/** What the links' objects are called while they are compared; no column of the table. */
export const LINK_OBJECTS = "linked_records_object";

/**
 * Links of a task as a list of references: the records' ids, and beside them their objects' slugs, since Attio may name an
 * object by either. Pure.
 *
 * @param slugs by object id
 */
export function readLinks(cells: Cells, slugs: ReadonlyMap<string, string>): Cells {
  if (!(LINKS in cells)) return cells;
  const stored = cells[LINKS];
  const links = Array.isArray(stored) ? (stored as unknown[]).filter(isJsonObject) : [];
  const slugOf = ({ target_object_id: object }: Record<string, unknown>) =>
    slugs.get(textOf(object).toLowerCase()) ?? textOf(object);
  return {
    ...cells,
    [LINKS]: links.map(({ target_record_id: id }) => textOf(id).toLowerCase()),
    [LINK_OBJECTS]: links.map(slugOf),
  };
}

/** The way back. Pure. */
export function storeLinks(cells: Cells): Cells {
  const { [LINKS]: ids, [LINK_OBJECTS]: objects, ...others } = cells;
  if (!(LINKS in cells)) return others;
  if (!Array.isArray(ids)) return { ...others, [LINKS]: null };
  const slugs: unknown[] = Array.isArray(objects) ? objects : [];
  return {
    ...others,
    [LINKS]: ids.map((id: unknown, place) => ({ target_object_id: slugs[place], target_record_id: id })),
  };
}
