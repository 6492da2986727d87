import { canonicalText } from "./canonical-text.ts";
import { Origins } from "./origins.ts";
import { readValue, UnreadableValueError } from "./read-value.ts";
import type { ReadValue } from "./read-value.ts";
import type { AttributePlan, RecordPlan } from "./record-plan.ts";
import { rowHash } from "./row.ts";
import type { MappedRow, UnreadableRow } from "./row.ts";
import { cleanJson, cutTimestamp } from "./text.ts";
import type { TextTally } from "./text.ts";

/** What records and entries have in common: an id, fixed columns, values by attribute slug. */
export interface ValuesSource {
  id: string;
  fixed: Readonly<Record<string, string | null>>;
  values: Readonly<Record<string, unknown>>;
}

export interface ReadOptions {
  /** Keep Attio's whole JSON, and let it count in the hash. */
  raw: boolean;
}

/**
 * Turns a record or entry into its row. Pure.
 *
 * An attribute whose key is absent from `values` (archived, hidden by billing) is left out of the row and of the
 * hash; only `[]` clears (design rule 5).
 *
 * @throws {UnknownChoiceError} when it holds an option that the plan does not know
 */
export function readRecord(
  source: ValuesSource,
  plan: RecordPlan,
  options: ReadOptions,
): MappedRow | UnreadableRow {
  const tally: TextTally = { droppedCharacters: 0 };
  const columns = plan.blanks.create(source);
  const draft: Draft = { columns, canonical: canonicalText(source.fixed), tally };
  const origins = new Origins(plan.attributes);
  try {
    for (const attribute of plan.attributes) {
      // A slug may be `constructor`, which every object answers to.
      const isPresent = Object.hasOwn(source.values, attribute.slug);
      const values = isPresent ? source.values[attribute.slug] : undefined;
      origins.add(Array.isArray(values) ? values : []);
      if (isPresent) placeValues(values, attribute, draft);
    }
  } catch (error) {
    if (error instanceof UnreadableValueError) return { id: source.id, problem: error.message };
    throw error;
  }
  const row: MappedRow = {
    id: source.id,
    hash: "",
    columns,
    droppedCharacters: tally.droppedCharacters,
    origins,
  };
  if (options.raw) {
    row.raw = JSON.stringify(cleanJson(source.values, { droppedCharacters: 0 }));
    draft.canonical += canonicalText(row.raw);
  }
  row.hash = rowHash(draft.canonical);
  return row;
}

/** A row in the making. */
interface Draft {
  columns: Record<string, unknown>;
  /** What the hash is made of: each attribute's id, then as many values as it has columns. */
  canonical: string;
  tally: TextTally;
}

/** Puts an attribute's values into its columns, and what stands for them into the hash. */
function placeValues(values: unknown, attribute: AttributePlan, draft: Draft): void {
  if (!Array.isArray(values)) throw new UnreadableValueError(attribute, "its values are not a list");
  const { columns, tally } = draft;
  draft.canonical += canonicalText(attribute.id);
  if (attribute.multi && attribute.kind !== "json") {
    placeList(values, attribute, draft);
    return;
  }
  if (attribute.multi) {
    placeJsonList(values, attribute, draft);
    return;
  }
  const read = values.length === 0 ? undefined : readValue(values[0], attribute, tally);
  const main = read?.main ?? null;
  columns[attribute.column] = main;
  draft.canonical += canonicalText(read?.identity ?? main);
  for (const suffix in attribute.sides) {
    const side = read?.sides?.[suffix] ?? null;
    columns[sideColumn(attribute, suffix)] = side;
    draft.canonical += canonicalText(side);
  }
}

/** No value is NULL, not an empty array: one way to say that there is nothing. */
function placeList(values: readonly unknown[], attribute: AttributePlan, draft: Draft): void {
  const { columns, tally } = draft;
  const read = values.map((value) => readValue(value, attribute, tally));
  columns[attribute.column] = listOrNull(read, (value) => value.main);
  draft.canonical += canonicalText(read.map((value) => value.identity ?? value.main));
  for (const suffix in attribute.sides) {
    const side = listOrNull(read, (value) => value.sides?.[suffix] ?? null);
    columns[sideColumn(attribute, suffix)] = side;
    draft.canonical += canonicalText(side);
  }
}

function placeJsonList(values: readonly unknown[], attribute: AttributePlan, draft: Draft): void {
  const list = listOrNull(
    values.map((value) => readValue(value, attribute, draft.tally)),
    (value) => value.main,
  );
  draft.columns[attribute.column] = list;
  draft.canonical += canonicalText(list);
}

function listOrNull<T>(read: readonly ReadValue[], pick: (value: ReadValue) => T): T[] | null {
  return read.length === 0 ? null : read.map(pick);
}

function sideColumn(attribute: AttributePlan, suffix: string): string {
  const column = attribute.sides[suffix];
  if (column === undefined) throw new Error(`attribute ${attribute.slug} has no side column ${suffix}`);
  return column;
}

/** The fixed columns of a record. */
export function recordSource(record: {
  id: { record_id: string };
  created_at: string;
  web_url: string | null;
  values: Record<string, unknown>;
}): ValuesSource {
  return {
    id: record.id.record_id.toLowerCase(),
    fixed: { created_at: cutTimestamp(record.created_at), web_url: record.web_url },
    values: record.values,
  };
}

/** The fixed columns of a list entry. */
export function entrySource(entry: {
  id: { entry_id: string };
  created_at: string;
  parent_record_id: string;
  parent_object: string;
  entry_values: Record<string, unknown>;
}): ValuesSource {
  return {
    id: entry.id.entry_id.toLowerCase(),
    fixed: {
      parent_record_id: entry.parent_record_id,
      parent_object: entry.parent_object,
      created_at: cutTimestamp(entry.created_at),
    },
    values: entry.entry_values,
  };
}
