import type { Tx } from "../../db/client.ts";
import { quoteIdentifier, quoteLiteral } from "../../db/mirror/identifiers.ts";
import { mirrorTable } from "../../db/mirror/sql-names.ts";
import type { MappedRow } from "../mapping/row.ts";
import type { ApplyTarget, TrackedColumn } from "./target.ts";

/** A column whose value an apply is about to change. */
export interface ValueChange {
  id: string;
  /** The attribute's slug. */
  attribute: string;
  column: string;
  old: unknown;
  new: unknown;
}

/**
 * Compares rows that are about to be written with what stands in their place, column by column. PostgreSQL compares:
 * its own reading of a timestamp or a number is the one that counts.
 *
 * @param page the rows as the upsert gets them
 * @param columns those that all of these rows have
 */
export async function findChanges(
  tx: Tx,
  target: ApplyTarget,
  page: string,
  columns: readonly string[],
): Promise<ValueChange[]> {
  const present = new Set(columns);
  const tracked = target.tracked.filter((column) => present.has(column.column));
  if (tracked.length === 0) return [];
  const table = mirrorTable(target.table);
  const key = quoteIdentifier(target.key);
  return tx.unsafe<ValueChange[]>(
    `SELECT o.${key} AS id, c.attribute, c.column, c.old, c.new
     FROM json_populate_recordset(NULL::${table}, $1::json) n
     JOIN ${table} o USING (${key})
     CROSS JOIN LATERAL (VALUES ${tracked.map(comparison).join(", ")}) AS c(attribute, "column", old, new)
     WHERE c.old IS DISTINCT FROM c.new`,
    [page],
    { prepare: true },
  );
}

function comparison({ slug, column }: TrackedColumn): string {
  const name = quoteIdentifier(column);
  return `(${quoteLiteral(slug)}, ${quoteLiteral(column)}, to_jsonb(o.${name}), to_jsonb(n.${name}))`;
}

/**
 * Writes changes into `attio.value_history`: the interval that was open ends where the new one begins, or now for a value
 * that was cleared or a list that only lost members, since Attio dates no removal: what is left bears its own, older date. No
 * interval begins before the one before it has. A value whose beginning nobody saw has no `active_from` (design rule
 * 27). One that was given up here never was in Attio, and gets no interval; one that stands there already, because the
 * crawl of past values was quicker, is left as it is.
 *
 * Open intervals are found by their ids: by record and attribute, a planner without statistics of a young table would
 * compare each of them with each change.
 *
 * @param mayHaveGaps whether values between the old and the new one may have been missed
 */
export async function writeHistory(
  tx: Tx,
  stream: string,
  changes: readonly ValueChange[],
  rows: ReadonlyMap<string, MappedRow>,
  mayHaveGaps: (id: string, changed: number) => boolean,
): Promise<void> {
  if (changes.length === 0) return;
  const changed = new Map<string, number>();
  for (const { id } of changes) changed.set(id, (changed.get(id) ?? 0) + 1);
  const intervals = changes.map((change) => {
    const origin = rows.get(change.id)?.origins?.get(change.attribute);
    return {
      record_id: change.id,
      attribute: change.attribute,
      column: change.column,
      old: change.old,
      new: change.new,
      active_from: origin?.activeFrom ?? null,
      actor_type: origin?.actorType ?? null,
      actor_id: origin?.actorId ?? null,
      gap: mayHaveGaps(change.id, changed.get(change.id) ?? 0),
    };
  });
  await tx`
    WITH seen AS (
      SELECT *, new IS NULL OR (jsonb_typeof(new) = 'array' AND old @> new) AS undated
      FROM json_to_recordset(${JSON.stringify(intervals)}::text::json) AS c(
        record_id uuid, attribute text, "column" text, old jsonb, new jsonb, active_from timestamptz, actor_type text, actor_id text,
        gap boolean)
    ), change AS (
      SELECT c.record_id, c.attribute, c.column, c.old, c.new, c.actor_type, c.actor_id, c.gap, p.open,
        CASE WHEN c.undated THEN now() WHEN c.active_from IS NOT NULL THEN greatest(c.active_from, p.at) END AS active_from
      FROM seen c CROSS JOIN LATERAL (
        SELECT max(greatest(h.active_from, h.active_until)) AS at,
          array_agg(h.id) FILTER (WHERE h.active_until IS NULL) AS open,
          coalesce(bool_or(h.value = c.new
            AND (h.active_until IS NULL OR (NOT c.undated AND h.active_from = c.active_from))), false) AS is_there
        FROM attio.value_history h
        WHERE h.object = ${stream} AND h.record_id = c.record_id AND h.attribute = c.attribute) AS p
      WHERE NOT p.is_there
    ), dated AS (
      SELECT *, coalesce(active_from, now()) AS moment FROM change
    ), ended AS (
      UPDATE attio.value_history h SET active_until = greatest(h.active_from, c.moment), _exact = false
      FROM dated c
      WHERE h.id = ANY(c.open)
      RETURNING h.record_id, h.attribute
    )
    INSERT INTO attio.value_history
      (object, record_id, attribute, value, active_from, active_until, actor_type, actor_id, gap)
    SELECT ${stream}, record_id, attribute, old, NULL, moment, NULL, NULL, false FROM dated c
    WHERE old IS NOT NULL
      AND NOT EXISTS (SELECT 1 FROM ended e WHERE e.record_id = c.record_id AND e.attribute = c.attribute)
      AND NOT EXISTS (
        SELECT 1 FROM attio_sync.outbox b
        WHERE b.record_id = c.record_id AND b.status = 'discarded' AND b.changes ? c.column)
    UNION ALL
    SELECT ${stream}, record_id, attribute, new, active_from, NULL, actor_type, actor_id, gap FROM dated
    WHERE new IS NOT NULL`;
}

/** Ends what was still open of records that are gone. */
export async function endHistory(tx: Tx, stream: string, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  await tx`
    UPDATE attio.value_history SET active_until = greatest(active_from, now())
    WHERE object = ${stream} AND record_id = ANY(${ids as string[]}::uuid[]) AND active_until IS NULL`;
}
