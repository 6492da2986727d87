import type { Database } from "../../db/index.ts";
import type { Sandbox } from "../../sandbox/index.ts";
import { printable } from "../text-width.ts";

/** Something that happened in Attio, and what the mirror has of it. */
export interface Change {
  story: string;
  /** Reads the mirror; to be called after the next backfill. */
  outcome(): Promise<string>;
}

interface Deal {
  id: string;
  name: string;
}

const WON = "Won 🎉";

/** A deal is won and another is deleted, in the simulated Attio. */
export async function loseAndWinDeals(db: Database, sandbox: Sandbox): Promise<Change> {
  const [won, lost] = await db.sql<Deal[]>`
    SELECT record_id AS id, name FROM attio.deals WHERE stage = 'Lead' AND name IS NOT NULL
    ORDER BY value DESC NULLS LAST, record_id LIMIT 2`;
  if (won === undefined || lost === undefined) throw new Error("the simulated workspace has no leads");
  sandbox.store.updateRecord("deals", won.id, { stage: WON });
  sandbox.store.deleteRecord("deals", lost.id);
  return {
    story: `In Attio, the deal "${printable(won.name)}" is won; "${printable(lost.name)}" is deleted.`,
    outcome: async () => {
      const rows = await db.sql<{ id: string; stage: string | null }[]>`
        SELECT record_id AS id, stage FROM attio.deals WHERE record_id IN ${db.sql([won.id, lost.id])}`;
      const stage = rows.find(({ id }) => id === won.id)?.stage ?? "missing";
      const isGone = !rows.some(({ id }) => id === lost.id);
      return `In PostgreSQL, the first is now "${stage}", and the second is ${isGone ? "gone" : "still there"}.`;
    },
  };
}
