import type { Sql } from "../../src/db/index.ts";
import { wantChore } from "../../src/db/queries/chores.ts";
import { eventually, quiet } from "../support/daemon-process.ts";
import { findDifferences } from "../support/oracle.ts";
import { rowVersions, touchedRows } from "../support/row-versions.ts";
import type { Ledger } from "../support/sides/ledger.ts";
import type { Hanging } from "./hanging-acts.ts";
import type { Things } from "./thing-acts.ts";
import { unexplained } from "./unexplained.ts";
import { REST_MS, type World } from "./world.ts";

/** What is wrong with a world at rest; nothing, if all is well. */
export async function judge(
  world: World,
  ledger: Ledger,
  things: Things,
  hanging: Hanging,
): Promise<string[]> {
  const { sql, sandbox } = world;
  const wrong: string[] = [];
  const blame = (what: string, found: readonly unknown[]) => {
    for (const one of found)
      wrong.push(`${what}: ${typeof one === "string" ? one : JSON.stringify(one)}`.slice(0, 400));
  };
  await world.settled();
  await atRest(world);
  blame("lost", await ledger.claims.lost());
  blame("refused without a reason", await unexplained(world.user, sandbox, ledger.hands));
  await resolveOpen(world);
  // What no webhook told, and deletions beyond the limit, for which somebody has to answer.
  await mustSucceed(world, "backfill", "--allow-deletes", "--json");
  await atRest(world);
  await resolveOpen(world);
  // Due by its schedule at any moment; it rewrites what was put together from events.
  await wantChore(sql, "history");
  await atRest(world);
  blame("differs", await findDifferences(sandbox, sql));
  blame("made wrongly", await ledger.wronglyMade());
  blame("made wrongly", await things.wronglyMade());
  blame("misplaced", await hanging.misplaced());
  blame("change left", await openChanges(sql));
  blame("history overlaps", await overlaps(sql));
  const before = { writes: writesOf(world), rows: await rowVersions(sql) };
  await mustSucceed(world, "backfill", "--json");
  await atRest(world);
  const after = { writes: writesOf(world), rows: await rowVersions(sql) };
  if (after.writes !== before.writes)
    wrong.push(`a further cycle wrote ${String(after.writes - before.writes)} times to Attio`);
  blame("a further cycle wrote a row", touchedRows(before.rows, after.rows));
  blame("a process", world.exits);
  return wrong;
}

/** Waits until nothing is pending on either way. @throws if that never comes about, with what is left */
async function atRest(world: World): Promise<void> {
  const { sql, sandbox } = world;
  await quiet({ sql }, sandbox, REST_MS);
  await eventually(
    () => sql`SELECT id, stream, operation, status, error_code, error_message, attempts, due_at - now() AS due
               FROM attio_sync.outbox WHERE status IN ('pending', 'pushing')`,
    (rows) => rows.length === 0,
    REST_MS,
  );
  await quiet({ sql }, sandbox, REST_MS);
  // Reading past values rewrites them.
  await eventually(
    () => sql`
      SELECT key FROM attio_sync.settings WHERE key IN ('chore:history', 'chore:webhook')
        AND (value ->> 'wantedAt')::timestamptz >= coalesce((value ->> 'doneAt')::timestamptz, '-infinity')`,
    (rows) => rows.length === 0,
    REST_MS,
  );
}

function openChanges(sql: Sql): Promise<{ id: string }[]> {
  return sql<{ id: string }[]>`
    SELECT id, table_name, operation, status, error_code FROM attio.changes WHERE status NOT IN ('pushed', 'discarded')`;
}

/** Changes that failed or are in conflict are given up, as an operator may do: Attio's values come back. */
async function resolveOpen(world: World): Promise<void> {
  const open = await openChanges(world.sql);
  // Those of a row whose insert is given up go with it, and need no decision of their own: exit code 1.
  if (open.length > 0) await world.command("changes", "discard", ...open.map(({ id }) => id));
  await atRest(world);
}

async function mustSucceed(world: World, ...argv: string[]): Promise<void> {
  const { exitCode, out, err } = await world.command(...argv);
  if (exitCode !== 0) throw new Error(`${argv.slice(0, 2).join(" ")} failed: ${out} ${err}`.slice(0, 4_000));
}

function writesOf({ sandbox }: World): number {
  return sandbox.log.filter({ kind: "write" }).filter(({ path }) => !path.includes("webhooks")).length;
}

function overlaps(sql: Sql): Promise<object[]> {
  return sql<object[]>`
    SELECT id, object, record_id, attribute, value, active_from, active_until, next FROM (
      SELECT *, lead(active_from) OVER series AS next, lead(id) OVER series AS next_id
      FROM attio.value_history
      WINDOW series AS (PARTITION BY object, record_id, attribute ORDER BY coalesce(active_from, active_until), id)) AS h
    WHERE active_until > next OR (active_until IS NULL AND next_id IS NOT NULL)`;
}
