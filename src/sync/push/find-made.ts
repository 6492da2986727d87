import { AttioConflictError, type AttioRecord, type Filter, type RequestOptions } from "../../attio/index.ts";
import type { Cells } from "../../db/control/index.ts";
import { knownInserts } from "../../db/queries/outbox.ts";
import { isJsonObject } from "../../lib/json.ts";
import type { RecordSource } from "../fetch/record-source.ts";
import type { AttributePlan } from "../mapping/record-plan.ts";
import { isMadeOf, wasMadeWithKey } from "./made-of.ts";
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

type Planned = Pick<RecordSource, "plan">;

/** Records that are looked through for one whose answer was lost. */
const MOST_LOOKED_THROUGH = 500;

/** What there is of an insert in Attio. */
export type Made =
  /** The record that it stands for, or that an earlier request of ours made. */
  | { kind: "made"; id: string }
  /** Nothing; of an entry: its parent is not in the list at all. */
  | { kind: "free" }
  /** Of an entry: its parent is in the list already, by another one. */
  | { kind: "another" };

/**
 * Finds what an insert stands for in Attio: the record that has its key, or what an earlier request made whose answer was
 * lost (design rules 10 and 11).
 *
 * @throws {AttioConflictError} when several could be it
 */
export async function findMade(deps: PushDeps, source: Planned, wanted: Wanted): Promise<Made> {
  if (source.plan.kind === "list") return findEntry(deps, source, wanted);
  const { key, local, options } = wanted;
  const present = key === undefined ? [] : await findByKey(deps, source, key, wanted);
  if (present.length > 0 || !wanted.attempted) return only(present);
  // Its key may have been given to another record since.
  return only(
    await findMadeByUs(deps, source, wanted, (record) =>
      key === undefined
        ? isMadeOf(deps, source.plan, record, local, options)
        : wasMadeWithKey(deps, source.plan, record, { key, local, options }),
    ),
  );
}

/** Properties by which unique values are filtered (docs: "Filtering and sorting"). */
const FILTERED: Partial<Record<AttributePlan["kind"], string>> = {
  "email-address": "email_address",
  domain: "domain",
  "phone-number": "phone_number",
};

async function findByKey(
  { client }: PushDeps,
  { plan }: Planned,
  key: AttributePlan,
  { local, options }: Wanted,
): Promise<string[]> {
  const property = FILTERED[key.kind];
  const matches = valuesIn(key, local).map(({ main }): Filter => {
    const value = typeof main === "string" && property !== undefined ? main.toLowerCase() : main;
    const constraint = { $eq: value } as Filter;
    return { [key.slug]: property === undefined ? constraint : { [property]: constraint } };
  });
  const filter: Filter = matches.length === 1 && matches[0] !== undefined ? matches[0] : { $or: matches };
  const { items } = await client.records.query(plan.sourceId, { filter, limit: 3 }, options);
  return items.map((record) => record.id.record_id);
}

/** Records that our token made since then, which are known to be no other row's. */
async function findMadeByUs(
  deps: PushDeps,
  { plan }: Planned,
  { sinceMs, options }: Wanted,
  isIt: (record: AttioRecord) => Promise<boolean>,
): Promise<string[]> {
  const { items } = await deps.client.records.query(
    plan.sourceId,
    {
      filter: { created_at: { $gte: new Date(sinceMs).toISOString() } },
      sorts: [{ attribute: "created_at", direction: "asc" }],
      limit: MOST_LOOKED_THROUGH,
    },
    options,
  );
  const ours = await withoutKnown(
    deps,
    items.filter((record) => isByUs(record.values, deps)),
    (record) => record.id.record_id,
  );
  const found: string[] = [];
  for (const record of ours) if (await isIt(record)) found.push(record.id.record_id);
  return found;
}

/** Of a parent's entries only one insert is under way at a time, so what our token made since then is what it made. */
async function findEntry(
  deps: PushDeps,
  { plan }: Planned,
  { local, attempted, sinceMs, options }: Wanted,
): Promise<Made> {
  const { client } = deps;
  const [object, parent] = [String(local.parent_object), String(local.parent_record_id)];
  const all = await client.records.entries(object, parent, { limit: 1_000 }, options);
  const entries = all.filter((entry) => entry.list_id === plan.sourceId);
  if (entries.length === 0) return { kind: "free" };
  if (!attempted) return { kind: "another" };
  const recent = entries.filter((entry) => Date.parse(entry.created_at) >= sinceMs);
  const made: string[] = [];
  for (const { entry_id: id } of await withoutKnown(deps, recent, (entry) => entry.entry_id)) {
    const entry = await client.entries.get(plan.sourceId, id, options);
    if (isByUs(entry.entry_values, deps)) made.push(id);
  }
  return made.length === 0 ? { kind: "another" } : only(made);
}

/** Leaves out what is known to have been made for another row. */
export async function withoutKnown<T>(
  { db }: PushDeps,
  items: readonly T[],
  idOf: (item: T) => string,
): Promise<T[]> {
  const known = await knownInserts(db.sql, items.map(idOf));
  return items.filter((item) => !known.has(idOf(item)));
}

function isByUs(values: AttioRecord["values"], { ownActor }: PushDeps): boolean {
  const [by] = Array.isArray(values.created_by) ? values.created_by : [];
  return ownActor === null || !isJsonObject(by) || by.referenced_actor_id === ownActor;
}

/** The one of these. Throws where there are several. */
export function only(ids: readonly string[]): Made {
  const [id] = ids;
  if (ids.length > 1) throw severalFit();
  return id === undefined ? { kind: "free" } : { kind: "made", id: id.toLowerCase() };
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
