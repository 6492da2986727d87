import { setTimeout as delay } from "node:timers/promises";
import postgres from "postgres";
import { LATE_EFFECT_MS, type Act } from "../support/sides/acts.ts";
import { Ledger } from "../support/sides/ledger.ts";
import { LocalSide } from "../support/sides/local-side.ts";
import { RemoteSide } from "../support/sides/remote-side.ts";
import { Bulks } from "./bulks.ts";
import { ColumnsApart } from "./columns-apart.ts";
import { Hanging } from "./hanging-acts.ts";
import { judge } from "./judge.ts";
import { MixedReferences } from "./mixed-references.ts";
import { isOutage, Nemesis } from "./nemesis.ts";
import type { Operation } from "./operation.ts";
import { Parts } from "./parts.ts";
import { isExpected } from "./refusal.ts";
import { SchemaChanges } from "./schema-acts.ts";
import type { Services } from "./services.ts";
import type { Setup } from "./setup.ts";
import { SpentIds } from "./spent-ids.ts";
import { Statements } from "./statements.ts";
import { Things } from "./thing-acts.ts";
import { UniqueValues } from "./unique-values.ts";
import { World, type Programs } from "./world.ts";

/** How a run ended. */
export interface Outcome {
  /** Empty: all is well. */
  wrong: string[];
  /** How many local changes there were, by how they ended. */
  changes: Record<string, number>;
  /** How often PostgreSQL refused a statement of the application, by SQLSTATE. */
  refusals: Record<string, number>;
  /** Seconds of play, and until it was judged. */
  seconds: { played: number; rested: number };
  /** Everything that helps to understand a failure. */
  record: string;
}

/** Plays operations in a world of their own and judges it at rest. */
export async function play(
  services: Services,
  programs: Programs,
  setup: Setup,
  operations: readonly Operation[],
): Promise<Outcome> {
  const world = await World.start(services, programs, setup);
  try {
    return await playIn(world, operations, setup.settings["CONFLICT_POLICY"] ?? "latest");
  } finally {
    await world.close();
  }
}

async function playIn(world: World, operations: readonly Operation[], policy: string): Promise<Outcome> {
  const { sandbox, user } = world;
  const memberId = sandbox.store.members()[0]?.id ?? null;
  const ledger = new Ledger(sandbox, user);
  const sides = {
    here: new LocalSide(sandbox, user, ledger),
    there: new RemoteSide(sandbox, ledger),
    statements: new Statements(user, ledger, memberId),
    things: new Things(sandbox, user),
    hanging: new Hanging(sandbox, user, ledger),
    schema: new SchemaChanges(sandbox, user),
    uniqueValues: new UniqueValues(sandbox, user, ledger),
    spentIds: new SpentIds(user, ledger, memberId),
    parts: new Parts(sandbox, user, ledger),
    mixedReferences: new MixedReferences(sandbox, user, ledger),
    bulks: new Bulks(user, ledger),
    columnsApart: new ColumnsApart(sandbox, user, ledger, policy),
  };
  const nemesis = new Nemesis(world);
  const began = performance.now();
  const journal: string[] = [];
  const refusals: Record<string, number> = {};
  const wrong: string[] = [];
  for (const operation of operations) {
    journal.push(`${new Date().toISOString()} ${JSON.stringify(operation)}`);
    try {
      await playOne(world, nemesis, sides, operation);
    } catch (error) {
      if (!(error instanceof postgres.PostgresError) && !isOutage(error)) throw error;
      const code = isOutage(error) ? "outage" : (error as postgres.PostgresError).code;
      refusals[code] = (refusals[code] ?? 0) + 1;
      if (!isExpected(code)) wrong.push(`refused: ${JSON.stringify(operation)}: ${code} ${String(error)}`);
    }
  }
  const played = (performance.now() - began) / 1000;
  sandbox.faults.clear();
  sandbox.webhooks.faults.clear();
  await nemesis.over();
  await nemesis.freeDisk();
  for (const { background } of [sides.spentIds, sides.columnsApart]) wrong.push(...(await background.over()));
  await delay(LATE_EFFECT_MS + 200);
  try {
    wrong.push(...(await judge(world, ledger, sides.things, sides.hanging)));
  } catch (error) {
    wrong.push(error instanceof Error ? error.message : String(error));
  }
  const rested = (performance.now() - began) / 1000 - played;
  const changes = await user<{ name: string; count: number }[]>`
    SELECT concat_ws(' ', operation, status, error_code) AS name, count(*)::int FROM attio.changes GROUP BY 1 ORDER BY 1`.catch(
    () => [],
  );
  return {
    wrong,
    changes: Object.fromEntries(changes.map(({ name, count }) => [name, count])),
    refusals,
    seconds: { played, rested },
    record: wrong.length === 0 ? "" : await recordOf(world, journal),
  };
}

/** What was done, what was asked of Attio, what became of every change, and what the daemons logged. */
async function recordOf(world: World, journal: readonly string[]): Promise<string> {
  const { sandbox, user } = world;
  const rows = await user<object[]>`SELECT * FROM attio_sync.outbox ORDER BY id`.catch(() => []);
  const conflicts = await user<object[]>`SELECT * FROM attio_sync.conflicts`.catch(() => []);
  const requests = sandbox.log
    .filter({ kind: "write" })
    .map(({ startedAtMs, method, path, status, body }) =>
      [new Date(startedAtMs).toISOString(), method, path, status, JSON.stringify(body)].join(" "),
    );
  const events = sandbox.webhooks.deliveries.map(({ event }) => JSON.stringify(event));
  const parts = { journal, requests, events, changes: rows, conflicts };
  return Object.entries(parts)
    .map(
      ([name, lines]) =>
        `== ${name}\n${lines.map((line) => (typeof line === "string" ? line : JSON.stringify(line))).join("\n")}\n`,
    )
    .concat(`== log\n${world.log()}`)
    .join("\n");
}

interface Sides {
  here: LocalSide;
  there: RemoteSide;
  statements: Statements;
  things: Things;
  hanging: Hanging;
  schema: SchemaChanges;
  uniqueValues: UniqueValues;
  spentIds: SpentIds;
  parts: Parts;
  mixedReferences: MixedReferences;
  bulks: Bulks;
  columnsApart: ColumnsApart;
}

async function playOne(world: World, nemesis: Nemesis, sides: Sides, operation: Operation): Promise<void> {
  switch (operation.kind) {
    case "act":
      return playAct(sides, operation.act);
    case "thing":
      return sides.things.play(operation.act);
    case "statement":
      return sides.statements.play(operation.act);
    case "schema":
      return sides.schema.play(operation.act);
    case "hanging":
      return sides.hanging.play(operation.act);
    case "unique-value":
      return sides.uniqueValues.play(operation.act);
    case "spent-id":
      sides.spentIds.play(operation.act);
      return;
    case "part":
      return sides.parts.play(operation.act);
    case "mixed-reference":
      return sides.mixedReferences.play(operation.act);
    case "bulk":
      return sides.bulks.play(operation.act);
    case "columns-apart":
      sides.columnsApart.play(operation.act);
      return;
    case "request-fault":
      world.sandbox.faults.add(operation.fault);
      return;
    case "delivery-fault":
      world.sandbox.webhooks.faults.add(operation.fault);
      return;
    case "mishap":
      nemesis.play(operation.mishap);
      return;
    case "pause":
      await delay(operation.ms);
  }
}

async function playAct({ here, there }: Sides, act: Act): Promise<void> {
  if (act.kind === "add-pair" || ("side" in act && act.side === "here")) await here.play(act);
  else there.play(act);
}
