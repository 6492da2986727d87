import type { Tx } from "../../db/client.ts";
import type { Doorbell } from "../../db/queries/dirty.ts";
import type { ValueChange } from "../apply/history.ts";
import type { ApplyTarget } from "../apply/target.ts";
import { objectStream } from "../streams.ts";

/**
 * Who has to be looked at because a reference to them changed: Attio keeps both sides of a relationship, and may do so
 * silently (docs: "Record reference"). Only attributes that have another side count.
 */
export async function otherSides(
  tx: Tx,
  target: ApplyTarget,
  changes: readonly ValueChange[],
): Promise<Doorbell[]> {
  if (changes.length === 0) return [];
  const slugs = [...new Set(changes.map((change) => change.attribute))];
  const paired = await tx<{ attribute: string; object: string }[]>`
    SELECT a.api_slug AS attribute, o.api_slug AS object
    FROM attio_sync.streams s
    JOIN attio.attributes a ON a.object_id = s.source_id
    JOIN attio.objects o ON o.object_id = (a.relationship -> 'id' ->> 'object_id')::uuid
    WHERE s.stream = ${target.stream} AND a.api_slug = ANY(${slugs}::text[])`;
  const objects = new Map(paired.map(({ attribute, object }) => [attribute, object]));
  return changes.flatMap((change) => {
    const object = objects.get(change.attribute);
    if (object === undefined) return [];
    return changedIds(change).map((id) => ({
      stream: objectStream(object),
      id,
      reason: "other side of a reference",
    }));
  });
}

/** Ids that stand on one side of a change only. */
function changedIds({ old, new: now }: ValueChange): string[] {
  const before = new Set(idsOf(old));
  const after = new Set(idsOf(now));
  return [...before, ...after].filter((id) => !(before.has(id) && after.has(id)));
}

function idsOf(value: unknown): string[] {
  if (Array.isArray(value)) return value.filter((id) => typeof id === "string");
  return typeof value === "string" ? [value] : [];
}
