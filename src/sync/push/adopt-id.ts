import type { Tx } from "../../db/client.ts";
import type { Lane } from "../../db/queries/outbox.ts";
import { dropOutrun } from "../../db/queries/outbox-merges.ts";

/**
 * Lets what was noted of a row that was inserted here follow it to the id that Attio gave it.
 *
 * @param isPresent whether a row of that id is here already, because its event was quicker or because the insert named what
 * existed: its changes and those of the provisional row come together
 */
export async function adoptId(
  tx: Tx,
  { stream, recordId: provisional, changes }: Lane,
  id: string,
  isPresent: boolean,
): Promise<void> {
  // A record that was deleted, and whose id the row was inserted under, keeps what was noted of it.
  await tx`
    UPDATE attio_sync.outbox SET record_id = ${id}
    WHERE record_id = ${provisional} AND stream = ${stream} AND id >= ${changes[0]?.id ?? 0}`;
  await tx`
    UPDATE attio_sync.conflicts SET record_id = ${id} WHERE record_id = ${provisional} AND stream = ${stream}`;
  if (isPresent) await dropOutrun(tx, [id]);
  await tx`
    INSERT INTO attio.id_map (provisional_id, record_id, object) VALUES (${provisional}, ${id}, ${stream})
    ON CONFLICT (provisional_id) DO UPDATE SET record_id = excluded.record_id`;
}
