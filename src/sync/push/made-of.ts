import {
  AttioNotFoundError,
  AttioValidationError,
  type AttioRecord,
  type RequestOptions,
} from "../../attio/index.ts";
import type { Cells } from "../../db/control/index.ts";
import { readReferences } from "../../db/queries/outbox.ts";
import { columnsSent } from "../../db/queries/outbox-merges.ts";
import { isJsonObject } from "../../lib/json.ts";
import { targetOf } from "../fetch/record-source.ts";
import { readRecord, recordSource } from "../mapping/read-record.ts";
import type { AttributePlan, RecordPlan } from "../mapping/record-plan.ts";
import { printedCells } from "./printed-cells.ts";
import type { PushDeps } from "./push-deps.ts";
import { idsNamed, withTodaysIds } from "./references.ts";
import { valuesIn, writeValue, type ValueCells } from "./write-form.ts";

/** What Attio may write otherwise than it was sent. */
const NORMALIZED: ReadonlySet<AttributePlan["kind"]> = new Set([
  "domain",
  "email-address",
  "phone-number",
  "location",
]);

/**
 * Whether a record of ours was made of what was sent, though others may have changed it since: a value that differs now is
 * held against what the record was made with. Of an attribute whose past Attio does not keep, it is enough that
 * somebody else has set or cleared it, or that we have since its event brought it here.
 */
export async function isMadeOf(
  deps: PushDeps,
  plan: RecordPlan,
  record: AttioRecord,
  local: Cells,
  options: RequestOptions,
): Promise<boolean> {
  const sent = plan.attributes.filter(
    (attribute) => !NORMALIZED.has(attribute.kind) && valuesIn(attribute, local).length > 0,
  );
  const differing = await differingFrom(deps, plan, record, local, sent);
  if (differing.length === 0) return true;
  const values = { ...record.values };
  const unknown = new Set<AttributePlan>();
  const ours = await columnsSent(deps.db.sql, plan.stream, record.id.record_id);
  for (const attribute of differing) {
    const first = await firstValues(deps, plan, record, attribute, options);
    if (first !== undefined) values[attribute.slug] = first;
    else if (ours.has(attribute.column) || isByOthers(record.values[attribute.slug], deps))
      unknown.add(attribute);
  }
  const known = sent.filter((attribute) => !unknown.has(attribute));
  if (known.length === 0) return false;
  return (await differingFrom(deps, plan, { ...record, values }, local, known)).length === 0;
}

/** Those of the attributes whose values are not as they were sent; all, where the record can't be read. */
async function differingFrom(
  { db, raw }: PushDeps,
  plan: RecordPlan,
  record: AttioRecord,
  local: Cells,
  attributes: readonly AttributePlan[],
): Promise<AttributePlan[]> {
  const row = readRecord(recordSource(record), plan, { raw });
  if ("problem" in row) return [...attributes];
  const there = await printedCells(db.sql, targetOf(plan), row);
  // Either side may bear an id from before a merge, and the merge may become known while a record is looked for.
  const references = {
    attributes: attributes.filter(({ kind }) => kind === "record-reference"),
    place: [],
  };
  const known = await readReferences(
    db.sql,
    [there, local].flatMap((cells) => idsNamed(cells, references)),
  );
  const current = withTodaysIds(there, references, known);
  const sent = withTodaysIds(local, references, known);
  return attributes.filter((attribute) => {
    const present = new Set(valuesIn(attribute, current).map(({ main }) => plain(main)));
    return !valuesIn(attribute, sent).every((value) => present.has(plain(mainAsSent(attribute, value))));
  });
}

/** Whether a record was made with one of these values of its key, whatever became of them since. */
export async function wasMadeWithKey(
  deps: PushDeps,
  plan: RecordPlan,
  record: AttioRecord,
  { key, local, options }: { key: AttributePlan; local: Cells; options: RequestOptions },
): Promise<boolean> {
  const first = await firstValues(deps, plan, record, key, options);
  const sent = new Set(valuesIn(key, local).map(({ main }) => String(main).toLowerCase()));
  const texts = (first ?? []).flatMap((value) => (isJsonObject(value) ? Object.values(value) : []));
  return texts.some((text) => typeof text === "string" && sent.has(text.toLowerCase()));
}

/** The values that a record was made with; undefined where Attio keeps no past of the attribute. */
async function firstValues(
  { client }: PushDeps,
  plan: RecordPlan,
  record: AttioRecord,
  attribute: AttributePlan,
  options: RequestOptions,
): Promise<unknown[] | undefined> {
  try {
    const all = await client.records.values(
      plan.sourceId,
      record.id.record_id,
      attribute.id,
      { showHistoric: true },
      options,
    );
    return all.filter((value) => value.active_from === all[0]?.active_from);
  } catch (error) {
    if (error instanceof AttioValidationError || error instanceof AttioNotFoundError) return undefined;
    throw error;
  }
}

function isByOthers(values: unknown, { ownActor }: PushDeps): boolean {
  return (Array.isArray(values) ? values : []).every(
    (value) =>
      isJsonObject(value) && isJsonObject(value.created_by_actor) && value.created_by_actor.id !== ownActor,
  );
}

/** Of a name that was given in parts, the whole that they make up. */
function mainAsSent(attribute: AttributePlan, value: ValueCells): unknown {
  const sent = attribute.kind === "personal-name" ? writeValue(attribute, value) : null;
  return isJsonObject(sent) ? sent.full_name : value.main;
}

/** Without what may get lost of a text on its way. */
export function plain(main: unknown): unknown {
  return typeof main === "string" ? main.trim().replace(/\s+/g, " ") : main;
}
