import type { Tx } from "../../db/client.ts";
import { mirrorTable } from "../../db/mirror/sql-names.ts";
import { BOOKKEEPING_COLUMNS, ENTRY_COLUMNS, RECORD_COLUMNS } from "../../db/mirror/tables.ts";
import type { ApplyTarget } from "../apply/target.ts";
import { FIXED_CAPTURES, mirroredColumns } from "../schema/fixed-captures.ts";
import { isWritableStream } from "../streams.ts";

/**
 * Columns that users added to a table of the mirror and that take values: generated ones and those that are
 * GENERATED ALWAYS AS IDENTITY take none.
 */
export async function readOwnColumns(tx: Tx, target: ApplyTarget): Promise<string[]> {
  const { stream, table } = target;
  const rows = await tx<{ name: string }[]>`
    SELECT a.attname AS name FROM pg_attribute a
    WHERE a.attrelid = ${mirrorTable(table)}::regclass AND a.attnum > 0 AND NOT a.attisdropped
      AND a.attgenerated = '' AND a.attidentity <> 'a' AND a.attname <> ALL(${fixedColumns(target)}::text[])
      AND a.attname NOT IN (
        SELECT unnest(array_append(ARRAY(SELECT s.value FROM jsonb_each_text(m.side_columns) s), m.column_name))
        FROM attio.attributes m JOIN attio_sync.streams t ON t.source_id = m.object_id WHERE t.stream = ${stream})
    ORDER BY a.attnum`;
  return rows.map(({ name }) => name);
}

/** The mirror's own columns that belong to no attribute. */
function fixedColumns({ stream, key }: ApplyTarget): string[] {
  if (isWritableStream(stream)) return [...mirroredColumns(FIXED_CAPTURES[stream]), ...BOOKKEEPING_COLUMNS];
  const columns = key === "entry_id" ? ENTRY_COLUMNS : RECORD_COLUMNS;
  return [...columns.map(({ name }) => name), ...BOOKKEEPING_COLUMNS];
}
