import { isJsonObject } from "../../lib/json.ts";
import { BodyError } from "../body-error.ts";

/** A record as Attio sends it; `values` by attribute slug, always lists. */
export interface AttioRecord {
  id: { workspace_id: string; object_id: string; record_id: string };
  created_at: string;
  web_url: string | null;
  values: Record<string, unknown[]>;
}

/** A list entry as Attio sends it; `parent_object` is a slug. */
export interface AttioEntry {
  id: { workspace_id: string; list_id: string; entry_id: string };
  parent_record_id: string;
  parent_object: string;
  created_at: string;
  entry_values: Record<string, unknown[]>;
}

/** One value of an attribute, current or past, with its envelope (`active_from`, `active_until`, `created_by_actor`, `attribute_type`). */
export type AttributeValue = Record<string, unknown>;

/**
 * Checks a record by hand, since this runs for each row of a backfill, and only its frame: what the values hold is for those who map them.
 * Values missing altogether become `{}`. Throws BodyError.
 */
export function checkRecord(item: unknown): AttioRecord {
  const record = frame(item, ["workspace_id", "object_id", "record_id"]);
  record.web_url ??= null;
  record.values = checkValues(record.values, "values");
  // Each part has been looked at just now; rebuilding the object would cost what the check saves.
  return record as unknown as AttioRecord;
}

/** The same for a list entry. */
export function checkEntry(item: unknown): AttioEntry {
  const entry = frame(item, ["workspace_id", "list_id", "entry_id"]);
  if (typeof entry.parent_record_id !== "string") throw shape("parent_record_id");
  if (typeof entry.parent_object !== "string") throw shape("parent_object");
  entry.entry_values = checkValues(entry.entry_values, "entry_values");
  return entry as unknown as AttioEntry;
}

/** A value in a list of values. */
export function checkAttributeValue(item: unknown): AttributeValue {
  if (!isJsonObject(item)) throw shape("data.*");
  return item;
}

function frame(item: unknown, idKeys: readonly string[]): Record<string, unknown> {
  if (!isJsonObject(item)) throw shape("data.*");
  const { id } = item;
  if (!isJsonObject(id)) throw shape("id");
  for (const key of idKeys) {
    if (typeof id[key] !== "string") throw shape(`id.${key}`);
  }
  if (typeof item.created_at !== "string") throw shape("created_at");
  return item;
}

function checkValues(values: unknown, where: string): Record<string, unknown[]> {
  if (values === undefined || values === null) return {};
  if (!isJsonObject(values)) throw shape(where);
  for (const slug of Object.keys(values)) {
    if (!Array.isArray(values[slug])) throw shape(`${where}.${slug}`);
  }
  return values as Record<string, unknown[]>;
}

function shape(path: string): BodyError {
  return new BodyError("unexpected_shape", `unexpected shape at ${path}`, [path]);
}
