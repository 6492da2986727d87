import type { Database } from "../db/index.ts";
import { countChanges, NO_CHANGES, type ChangeCounts } from "../db/queries/change-counts.ts";
import { countRows } from "../db/queries/count-rows.ts";
import { listStreams, type StreamRow } from "../db/queries/streams.ts";

/** What an operator wants to know of one stream. */
export interface StreamStatus extends ChangeCounts {
  stream: string;
  /** Rows that are not marked deleted; null where there is no table. */
  rows: number | null;
  /** When a backfill of it last ended well, ISO 8601 in UTC; null = never. */
  lastBackfillAt: string | null;
  /** `pending`: never read in full, and nothing is known to be in the way; else as the mirror keeps it. */
  state: string;
  reason: string | null;
  /** Why and until when nothing is written, since Attio refuses every write, e.g. `{ code: "billing_error", message: "…", until: "2026-…Z" }`; null = it takes them. */
  writesPaused: { code: string; message: string; until: string } | null;
}

/** Fixed streams whose table is not named as they are. */
const FIXED_TABLES: Readonly<Record<string, string>> = { members: "workspace_members" };

/** Reads the state of every stream, by name. Counts rows, which takes seconds on millions of them. */
export async function readStatus(db: Database): Promise<StreamStatus[]> {
  const tables = await readTables(db);
  const streams = await listStreams(db.orm);
  const changes = await countChanges(db.sql);
  return Promise.all(
    streams.map(async (row) => {
      const table = tableOf(row, tables);
      return {
        stream: row.stream,
        rows: table === undefined ? null : await countRows(db.sql, table),
        lastBackfillAt: row.lastBackfillAt === null ? null : new Date(row.lastBackfillAt).toISOString(),
        state: stateOf(row),
        ...(changes.get(row.stream) ?? NO_CHANGES),
        reason: row.reason,
        writesPaused: pauseOf(row),
      };
    }),
  );
}

/** What is no worse than not read yet is `pending`. */
function stateOf({ state, lastBackfillAt }: StreamRow): string {
  return state === "ok" && lastBackfillAt === null ? "pending" : state;
}

/** A pause that is over is no news: the next write tells whether Attio takes it. */
function pauseOf({ writesPausedUntil, writesPauseCode, writesPauseMessage }: StreamRow) {
  if (writesPausedUntil === null || Date.parse(writesPausedUntil) <= Date.now()) return null;
  return {
    code: writesPauseCode ?? "",
    message: writesPauseMessage ?? "",
    until: new Date(writesPausedUntil).toISOString(),
  };
}

/** Table names of objects and lists, by Attio's id. */
async function readTables(db: Database): Promise<Map<string, string>> {
  const rows = await db.sql<{ id: string; table: string }[]>`
    SELECT object_id AS id, table_name AS table FROM attio.objects
    UNION ALL SELECT list_id, table_name FROM attio.lists`;
  return new Map(rows.map(({ id, table }) => [id, table]));
}

function tableOf(
  { stream, kind, sourceId }: StreamRow,
  tables: ReadonlyMap<string, string>,
): string | undefined {
  if (kind === "fixed") return FIXED_TABLES[stream] ?? stream;
  return sourceId === null ? undefined : tables.get(sourceId);
}
