import type { Tx } from "../../db/client.ts";
import type { Doorbell } from "../../db/queries/dirty.ts";
import { objectStream } from "../streams.ts";

/** Links of the fixed tables, by the name they have in `attio.links`; the others belong to objects and lists. */
const RESOURCE_LINKS = new Set(["notes parent_record", "tasks linked_records"]);

/**
 * Everything that hung on records which are gone, or was part of threads that lost a comment: Attio may change or
 * delete it without an event of its own (docs: "Webhooks"; what a deletion or merge brings with it is not documented).
 */
export async function findDependents(
  tx: Tx,
  { gone, threads }: { gone: readonly string[]; threads: readonly string[] },
): Promise<Doorbell[]> {
  const reason = "hung on something that is gone";
  const doorbells: Doorbell[] = [];
  if (threads.length > 0) {
    const rows = await tx<{ id: string }[]>`
      SELECT comment_id AS id FROM attio.comments WHERE thread_id = ANY(${threads as string[]}::uuid[])`;
    doorbells.push(...rows.map(({ id }) => ({ stream: "comments", id, reason, announced: true })));
  }
  if (gone.length === 0) return doorbells;
  const ids = gone as string[];
  const links = await tx<{ from: string; id: string; attribute: string }[]>`
    SELECT DISTINCT from_object AS from, from_record_id AS id, attribute FROM attio.links
    WHERE to_record_id = ANY(${ids}::uuid[])`;
  for (const { from, id, attribute } of links) {
    const isFixed = from.startsWith("list:") || RESOURCE_LINKS.has(`${from} ${attribute}`);
    // What belonged to a record alone goes with it; what merely pointed at it stays.
    const belongs = attribute === "parent_record";
    doorbells.push({ stream: isFixed ? from : objectStream(from), id, reason, announced: belongs });
  }
  const children = await tx<{ stream: string; id: string }[]>`
    SELECT 'comments' AS stream, comment_id AS id FROM attio.comments WHERE record_id = ANY(${ids}::uuid[])
    UNION ALL SELECT 'threads', thread_id FROM attio.threads WHERE record_id = ANY(${ids}::uuid[])
    UNION ALL SELECT 'files', file_id FROM attio.files WHERE record_id = ANY(${ids}::uuid[])`;
  doorbells.push(...children.map(({ stream, id }) => ({ stream, id, reason, announced: true })));
  // Meetings have no events at all; this much can be known of them.
  const meetings = await tx<{ id: string }[]>`
    SELECT meeting_id AS id FROM attio.meetings WHERE EXISTS (
      SELECT 1 FROM jsonb_array_elements(linked_records) AS l WHERE (l ->> 'record_id')::uuid = ANY(${ids}::uuid[]))`;
  doorbells.push(...meetings.map(({ id }) => ({ stream: "meetings", id, reason })));
  return doorbells;
}
