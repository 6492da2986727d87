import type { Database, Tx } from "../../db/client.ts";
import { wantChore } from "../../db/queries/chores.ts";
import { ring } from "../../db/queries/dirty.ts";
import type { Doorbell } from "../../db/queries/dirty.ts";
import { finishDeliveries, takeDeliveries } from "../../db/queries/inbox-rows.ts";
import { moveToMerged, type Merged } from "../../db/queries/outbox-merges.ts";
import { listStreams } from "../../db/queries/streams.ts";
import { transact } from "../../db/tx.ts";
import type { Log } from "../../logger.ts";
import { findDependents } from "./dependents.ts";
import { parseDelivery } from "./events.ts";
import { routeEvent } from "./route-event.ts";
import type { Routed, StreamNames } from "./route-event.ts";

/** Deliveries turned into marks by one transaction. */
const BATCH = 1_000;

export interface Processed {
  /** Deliveries. */
  processed: number;
  /** Events of types that this version does not know; they stay in the inbox. */
  unknown: number;
  /** Streams that have dirty marks now. */
  streams: string[];
  /** Attio's schema has to be read again: the chore is wanted. */
  schema: boolean;
}

/**
 * Turns waiting deliveries into dirty marks and, where the schema changed, into the wish to read it, in one transaction:
 * either a delivery is processed and what it asks for is there, or neither. Asks nothing of Attio.
 */
export async function processInbox(
  deps: { db: Database; log: Log },
  { limit = BATCH }: { limit?: number } = {},
): Promise<Processed> {
  const names = await loadStreamNames(deps.db);
  return transact(deps.db.sql, async (tx) => {
    const deliveries = await takeDeliveries(tx, limit);
    const routed: Routed[] = [];
    const finished: { id: number; error: string | null }[] = [];
    for (const { id, body } of deliveries) {
      try {
        for (const event of parseDelivery(body)) routed.push(routeEvent(event, names));
        finished.push({ id, error: null });
      } catch (error) {
        deps.log.warn({ delivery: id }, "a delivery could not be read");
        finished.push({ id, error: error instanceof Error ? error.name : "unreadable" });
      }
    }
    const doorbells = await ringAll(tx, routed);
    await finishDeliveries(tx, finished);
    const schema = routed.some((one) => one.schema);
    if (schema) await wantChore(tx, "schema");
    return {
      processed: deliveries.length,
      unknown: routed.filter((one) => one.unknown).length,
      streams: [...new Set(doorbells.map((doorbell) => doorbell.stream))],
      schema,
    };
  });
}

async function ringAll(tx: Tx, routed: readonly Routed[]): Promise<Doorbell[]> {
  await noteMerges(
    tx,
    routed.flatMap((one) => one.merged),
  );
  const doorbells = [
    ...routed.flatMap((one) => one.doorbells),
    ...(await findDependents(tx, {
      gone: routed.flatMap((one) => one.gone),
      threads: routed.flatMap((one) => one.threads),
    })),
  ];
  await ring(tx, doorbells);
  return doorbells;
}

async function noteMerges(tx: Tx, merged: readonly Merged[]): Promise<void> {
  if (merged.length === 0) return;
  await tx`
    INSERT INTO attio.merged_records (old_record_id, record_id, object)
    SELECT "oldId", "newId", stream
    FROM json_to_recordset(${JSON.stringify(merged)}::text::json) AS m("oldId" uuid, "newId" uuid, stream text)
    ON CONFLICT (old_record_id) DO NOTHING`;
  await moveToMerged(tx, merged);
}

async function loadStreamNames(db: Database): Promise<StreamNames> {
  const rows = await listStreams(db.orm);
  const byId = (kind: string) =>
    new Map(rows.filter((row) => row.kind === kind).map((row) => [row.sourceId ?? "", row.stream]));
  const objects = byId("object");
  const lists = byId("list");
  return { ofObject: (id) => objects.get(id), ofList: (id) => lists.get(id) };
}
