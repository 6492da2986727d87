import type { Capture } from "./capture-plan.ts";
import { quoteIdentifier, quoteLiteral } from "./identifiers.ts";
import { mirrorTable } from "./sql-names.ts";

/**
 * SQL of the id that a record has today, by one that it no longer has: the provisional one of before it was pushed, or that of
 * before a merge. NULL for any other id.
 *
 * @param id SQL of the id
 */
export function todaysIdOf(id: string): string {
  // Scalar subqueries, since a join would be planned as one over the whole map.
  return `CASE WHEN coalesce(
    (SELECT m.record_id FROM attio.id_map m WHERE m.provisional_id = ${id}),
    (SELECT m.record_id FROM attio.merged_records m WHERE m.old_record_id = ${id})) IS NOT NULL THEN attio.current_id(${id}) END`;
}

export function spentIdsFunctionName({ id }: Capture): string {
  return `attio_sync.${quoteIdentifier(`todays_id_${id}`)}`;
}

/**
 * The function of a row trigger that puts a record's id of today in place of one that it no longer has, before INSERT looks for
 * a row of that id: an application that kept the id which RETURNING gave it goes on saving the same record. Where the
 * record is deleted here, the row is a new one.
 */
export function spentIdsFunction(table: string, capture: Capture): string {
  const key = quoteIdentifier(capture.key);
  const name = mirrorTable(table);
  return `
CREATE OR REPLACE FUNCTION ${spentIdsFunctionName(capture)}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS ${quoteLiteral(`
DECLARE
  today uuid := ${todaysIdOf(`NEW.${key}`)};
BEGIN
  IF today IS NOT NULL AND EXISTS (SELECT FROM ${name} r WHERE r.${key} = today AND r._deleted_at IS NULL)
    AND NOT EXISTS (SELECT FROM ${name} r WHERE r.${key} = NEW.${key})
  THEN NEW.${key} := today; END IF;
  -- Some clients send NULL for what they do not know.
  NEW._fetch_seq := coalesce(NEW._fetch_seq, 0);
  RETURN NEW;
END
`)}`;
}
