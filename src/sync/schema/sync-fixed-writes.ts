import type { Database } from "../../db/client.ts";
import { holdStreamAlone } from "../../db/locks.ts";
import { planTable } from "../../db/mirror/ddl.ts";
import { introspect, type ExistingSchema } from "../../db/mirror/introspect.ts";
import { isLockTimeout } from "../../db/pg-errors.ts";
import { transactDdl } from "../../db/tx.ts";
import type { LocalWrites } from "../local-writes.ts";
import { WRITABLE_STREAMS, type WritableStream } from "../streams.ts";
import { FIXED_CAPTURES, mirroredColumns } from "./fixed-captures.ts";

/**
 * Opens the fixed tables that take local writes, and closes the others. Their columns come with the program's own
 * migrations.
 *
 * @returns streams whose table a user's transaction keeps as it is
 */
export async function syncFixedWrites(db: Database, writes: LocalWrites): Promise<string[]> {
  const postponed: string[] = [];
  const existing = await introspect(db.sql);
  for (const stream of WRITABLE_STREAMS) {
    if (planWrites(stream, existing, writes).length === 0) continue;
    try {
      await transactDdl(db.sql, async (tx) => {
        await holdStreamAlone(tx, stream);
        for (const statement of planWrites(stream, await introspect(tx), writes)) await tx.unsafe(statement);
      });
    } catch (error) {
      if (!isLockTimeout(error)) throw error;
      postponed.push(stream);
    }
  }
  return postponed;
}

/** Statements that open or close a table, as the configuration has it. Pure. */
function planWrites(
  stream: WritableStream,
  existing: ExistingSchema,
  { isOpen, softDelete }: LocalWrites,
): string[] {
  const { table, ...capture } = FIXED_CAPTURES[stream];
  const have = existing.tables.get(table);
  if (have === undefined) throw new Error(`table ${table} is missing`);
  return planTable(
    have,
    {
      name: table,
      comment: have.comment,
      fixedColumns: mirroredColumns(FIXED_CAPTURES[stream]).map((name) => ({ name, type: "text" })),
      columns: [],
      capture: isOpen(stream) ? { ...capture, softDelete } : null,
    },
    [],
  );
}
