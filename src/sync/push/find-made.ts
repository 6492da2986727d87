import { AttioConflictError, type AttioRecord, type Filter, type RequestOptions } from "../../attio/index.ts";
import type { Cells } from "../../db/control/index.ts";
import { knownInserts } from "../../db/queries/outbox.ts";
import { isJsonObject } from "../../lib/json.ts";
import type { RecordSource } from "../fetch/record-source.ts";
import type { AttributePlan } from "../mapping/record-plan.ts";
import type { PushDeps } from "./push-deps.ts";
import { valuesIn } from "./write-form.ts";

export interface Wanted {
  /** The unique attribute by which the record is recognized, if it has one. */
  key: AttributePlan | undefined;
  local: Cells;
  /** Whether a request for it was sent before whose answer is not known. */
  attempted: boolean;
  /** Nothing that was made before belongs to the request; on Attio's clock. */
  sinceMs: number;
  options: RequestOptions;
}

/** Records that are looked through for one whose answer was lost. */
const MOST_LOOKED_THROUGH = 500;

/**
 * Finds what an insert stands for in Attio: the record that has its key, or what an earlier request made whose answer was
 * lost (design rules 10 and 11).
 *
 * @throws when several could be it
 */
export async function findMade(
  deps: PushDeps,
  source: RecordSource,
  wanted: Wanted,
): Promise<string | undefined> {
  const { plan } = source;
  if (plan.kind === "list") return wanted.attempted ? findEntry(deps, source, wanted) : undefined;
  if (wanted.key !== undefined) return findByKey(deps, source, wanted.key, wanted);
  return wanted.attempted ? findByContent(deps, source, wanted) : undefined;
}

/** Properties by which unique values are filtered (docs: "Filtering and sorting"). */
const FILTERED: Partial<Record<AttributePlan["kind"], string>> = {
  "email-address": "email_address",
  domain: "domain",
  "phone-number": "phone_number",
};

async function findByKey(
  { client }: PushDeps,
  { plan }: RecordSource,
  key: AttributePlan,
  { local, options }: Wanted,
): Promise<string | undefined> {
  const property = FILTERED[key.kind];
  const matches = valuesIn(key, local).map(({ main }): Filter => {
    const value = typeof main === "string" && property !== undefined ? main.toLowerCase() : main;
    const constraint = { $eq: value } as Filter;
    return { [key.slug]: property === undefined ? constraint : { [property]: constraint } };
  });
  const filter: Filter = matches.length === 1 && matches[0] !== undefined ? matches[0] : { $or: matches };
  const { items } = await client.records.query(plan.sourceId, { filter, limit: 3 }, options);
  return only(items.map((record) => record.id.record_id));
}

async function findByContent(
  deps: PushDeps,
  { plan }: RecordSource,
  { local, sinceMs, options }: Wanted,
): Promise<string | undefined> {
  const { items } = await deps.client.records.query(
    plan.sourceId,
    {
      filter: { created_at: { $gte: new Date(sinceMs).toISOString() } },
      sorts: [{ attribute: "created_at", direction: "asc" }],
      limit: MOST_LOOKED_THROUGH,
    },
    options,
  );
  const alike = items.filter(
    (record) => isByUs(record.values, deps) && holds(record, plan.attributes, local),
  );
  const taken = await knownInserts(
    deps.db.sql,
    alike.map((record) => record.id.record_id),
  );
  return only(alike.map((record) => record.id.record_id).filter((id) => !taken.has(id)));
}

async function findEntry(
  deps: PushDeps,
  { plan }: RecordSource,
  { local, sinceMs, options }: Wanted,
): Promise<string | undefined> {
  const entries = await deps.client.records.entries(
    String(local.parent_object),
    String(local.parent_record_id),
    { limit: 1_000 },
    options,
  );
  const made = entries.filter(
    (entry) => entry.list_id === plan.sourceId && Date.parse(entry.created_at) >= sinceMs,
  );
  const taken = await knownInserts(
    deps.db.sql,
    made.map((entry) => entry.entry_id),
  );
  return only(made.map((entry) => entry.entry_id).filter((id) => !taken.has(id)));
}

function isByUs(values: AttioRecord["values"], { ownActor }: PushDeps): boolean {
  const [by] = Array.isArray(values.created_by) ? values.created_by : [];
  return ownActor === null || !isJsonObject(by) || by.referenced_actor_id === ownActor;
}

/** Whether a record has the texts that were sent: what Attio does not rewrite. */
function holds(record: AttioRecord, attributes: readonly AttributePlan[], local: Cells): boolean {
  return attributes.every((attribute) => {
    if (attribute.kind !== "text" && attribute.kind !== "number" && attribute.kind !== "rating") return true;
    const wanted = valuesIn(attribute, local)[0]?.main;
    if (wanted === undefined) return true;
    const values = record.values[attribute.slug];
    const [value] = Array.isArray(values) ? values : [];
    return isJsonObject(value) && value.value === wanted;
  });
}

function only(ids: readonly string[]): string | undefined {
  if (ids.length > 1) throw severalFit();
  return ids[0]?.toLowerCase();
}

function severalFit(): AttioConflictError {
  return new AttioConflictError(
    {
      status: 400,
      code: "multiple_match_results",
      type: null,
      message: "several records in Attio could be the one that was inserted",
      executionId: null,
      validationPaths: [],
      retryAfterMs: 0,
    },
    { method: "POST", path: "", attempt: 1 },
  );
}
