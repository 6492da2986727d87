import type { Sql, Tx } from "../db/client.ts";
import { mirrorTable } from "../db/mirror/sql-names.ts";
import type { ApplyTarget } from "./apply/target.ts";

/** Deletions up to this many are always believable. */
const ALWAYS_ALLOWED = 100;
/** Above it, at most one row in so many may go. */
const ALLOWED_PART = 5;

/**
 * Whether so many deletions look like an accident. Pure. Those of the last hour that Attio did not announce count
 * too, so that a leak in small portions is noticed (design rule 16).
 */
export function exceedsCap(missing: number, recent: number, held: number): boolean {
  const total = missing + recent;
  return total > ALWAYS_ALLOWED && total * ALLOWED_PART > held + recent;
}

/** Counts what the cap is reckoned from. */
export async function countForCap(
  sql: Sql | Tx,
  target: Pick<ApplyTarget, "stream" | "table">,
): Promise<{ recent: number; held: number }> {
  const [row] = await sql.unsafe<{ recent: number; held: number }[]>(
    `SELECT (SELECT count(*) FROM attio_sync.tombstones
             WHERE stream = $1 AND NOT announced AND deleted_at > now() - interval '1 hour') AS recent,
            (SELECT count(*) FROM ${mirrorTable(target.table)} WHERE _deleted_at IS NULL) AS held`,
    [target.stream],
  );
  return row ?? { recent: 0, held: 0 };
}
