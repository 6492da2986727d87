import {
  AttioError,
  AttioMergeInProgressError,
  AttioNotFoundError,
  type RequestOptions,
} from "../../attio/index.ts";
import { readReferences, type Lane } from "../../db/queries/outbox.ts";
import { hasMerged, readObjectsOf } from "../../db/queries/record-objects.ts";
import type { Endpoint } from "./endpoint.ts";
import { foldChanges } from "./forms.ts";
import { namedItems, type NamedItem } from "./named-records.ts";
import { decideOutcome } from "./outcomes.ts";
import type { PushDeps } from "./push-deps.ts";
import { idsNamed, withTodaysIds, type References } from "./references.ts";

/** Records that are asked for before it is said that none is missing. */
const MAX_READS = 50;

/**
 * Whether Attio lacks a record that a row's changes name: it was merged or deleted unseen, or is not made yet. Only that can
 * mend itself, unlike a value that Attio refuses beside it.
 */
export async function lacksNamedRecord(
  deps: PushDeps,
  endpoint: Endpoint,
  lane: Lane,
  options: RequestOptions,
): Promise<boolean> {
  const { sql } = deps.db;
  const changes = lane.changes.map((change) => change.changes);
  const written = endpoint.read(foldChanges(changes, endpoint.forms));
  const references: References = {
    attributes: endpoint.attributes.filter(
      ({ kind, column }) => kind === "record-reference" && column in written,
    ),
    place: endpoint.place,
  };
  const named = idsNamed(written, references);
  const known = await readReferences(sql, named);
  // The merge may have become known since the refused request was sent, which named what the record was before.
  if (await hasMerged(sql, named)) return true;
  const items = namedItems(withTodaysIds(written, references, known), references).slice(0, MAX_READS);
  const unplaced = items.filter(({ source }) => source === null).map(({ id }) => id);
  const objects = await readObjectsOf(sql, unplaced);
  for (const item of items) {
    const source = item.source ?? objects.get(item.id);
    if (source === undefined || (await isMissing(deps, { ...item, source }, options))) return true;
  }
  return false;
}

async function isMissing(
  { client, patience }: PushDeps,
  { kind, source, id }: NamedItem & { source: string },
  options: RequestOptions,
): Promise<boolean> {
  const reading = { ...options, timeoutMs: patience.timeoutMs };
  try {
    await (kind === "record"
      ? client.records.get(source, id, reading)
      : client.entries.get(source, id, reading));
    return false;
  } catch (error) {
    if (error instanceof AttioNotFoundError || error instanceof AttioMergeInProgressError) return true;
    if (!(error instanceof AttioError)) throw error;
    // Whoever may not read it cannot wait for it either; what got no answer may still be missing.
    return decideOutcome(error) === "retry";
  }
}
