import { migrate, type Database } from "../../db/index.ts";
import { discardChanges, retryChanges, type Retried } from "../../sync/push/resolve-changes.ts";
import type { Context } from "../context.ts";
import { openMirrorDatabase } from "../database.ts";
import { EXIT_DONE, EXIT_FAILED } from "../failure.ts";
import { drawTable } from "../table.ts";

interface JsonFlag {
  json?: boolean;
}

/** What `changes list` shows of a change: never its values, which are customers'. */
interface ListedChange {
  id: number;
  table: string;
  record_id: string;
  operation: string;
  status: string;
  attempts: number;
  error_code: string | null;
  error_message: string | null;
  created_at: string;
  pushed_at: string | null;
}

/** `changes list`: what waits, failed or is in conflict. */
export async function runChangesList(
  context: Context,
  { json = false, all = false }: JsonFlag & { all?: boolean },
): Promise<number> {
  const changes = await withDatabase(
    context,
    ({ sql }) => sql<ListedChange[]>`
      SELECT id, table_name AS table, record_id, operation, status, attempts, error_code, error_message,
        created_at::text, pushed_at::text
      FROM (SELECT * FROM attio.changes
            WHERE ${all} OR status IN ('pending', 'pushing', 'failed', 'conflict') ORDER BY id DESC LIMIT 1000) c
      ORDER BY id`,
  );
  const { stdout } = context.io;
  if (json) stdout.write(`${JSON.stringify({ changes })}\n`);
  else if (changes.length === 0) stdout.write("No change waits or failed.\n");
  else {
    const rows = changes.map((one) => [
      one.id,
      one.table,
      one.record_id,
      one.operation,
      one.status,
      one.attempts,
      one.error_code,
      one.error_message,
    ]);
    stdout.write(
      drawTable(["id", "table", "record", "operation", "status", "attempts", "code", "message"], rows),
    );
  }
  return EXIT_DONE;
}

/** `changes retry`: pushes again what failed; of a conflict, ours counts. */
export async function runChangesRetry(
  context: Context,
  ids: readonly number[],
  { json = false, allowBulk = false }: JsonFlag & { allowBulk?: boolean },
): Promise<number> {
  const done = await withDatabase(context, (db) => retryChanges(db, ids, { allowBulk }));
  return report(context, { ids, done: done.ids, onHold: done.onHold, word: "retried", json });
}

/** `changes discard`: gives changes up; Attio's values come back. */
export async function runChangesDiscard(
  context: Context,
  ids: readonly number[],
  { json = false }: JsonFlag,
): Promise<number> {
  const done = await withDatabase(context, (db) => discardChanges(db, ids));
  return report(context, { ids, done: done.ids, word: "discarded", json });
}

interface Outcome {
  ids: readonly number[];
  done: readonly number[];
  /** What stays on hold; undefined where nothing could. */
  onHold?: Retried["onHold"];
  word: string;
  json: boolean;
}

function report({ io }: Context, { ids, done, onHold, word, json }: Outcome): number {
  const resolved = new Set(done);
  const left = ids.filter((id) => !resolved.has(id));
  const holds = onHold?.map(({ code, ids: held }) => ({ code, count: held.length }));
  if (json) io.stdout.write(`${JSON.stringify({ [word]: done, left, ...(holds && { onHold: holds }) })}\n`);
  else {
    io.stdout.write(`${String(done.length)} ${word}.\n`);
    for (const { code, count } of holds ?? [])
      io.stdout.write(`${String(count)} on hold: ${code}; run "changes retry --allow-bulk".\n`);
    const held = new Set(onHold?.flatMap((hold) => hold.ids));
    const settled = left.filter((id) => !held.has(id));
    if (settled.length > 0)
      io.stdout.write(`Left alone, since they need no decision: ${settled.join(", ")}.\n`);
  }
  return left.length > 0 ? EXIT_FAILED : EXIT_DONE;
}

async function withDatabase<T>(context: Context, work: (db: Database) => Promise<T>): Promise<T> {
  const mirror = await openMirrorDatabase(context);
  try {
    await migrate(mirror.db);
    return await work(mirror.db);
  } finally {
    await mirror.close();
  }
}
