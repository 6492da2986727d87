import { setTimeout as delay } from "node:timers/promises";
import type postgres from "postgres";
import type { Fault } from "../../src/sandbox/index.ts";
import { discardChanges } from "../../src/sync/push/resolve-changes.ts";
import { deliverEvents, drain } from "./live.ts";
import { findDifferences } from "./oracle.ts";
import { LATE_EFFECT_MS, OBJECTS, type Act } from "./sides/acts.ts";
import { Ledger } from "./sides/ledger.ts";
import { LocalSide } from "./sides/local-side.ts";
import { RemoteSide } from "./sides/remote-side.ts";
import { pushAll, SHORT_PATIENCE, startPusher, type TestPusher, type Writing } from "./writing.ts";

/** One step of a history. */
export type Step =
  | Act
  | { kind: "fault"; fault: Fault }
  | { kind: "push" | "kill"; value: number }
  | { kind: "hydrate" }
  | { kind: "backfill" };

/** How a history ended. */
export interface Rest {
  differences: string[];
  /** Changes that wait. */
  waiting: number;
  /** Marks of what was made in Attio more than once, or never though its insert is done. */
  wronglyMade: string[];
  /** Writes that a further cycle caused. */
  furtherWrites: number;
  /** Local values that are neither in Attio nor accounted for. */
  lost: string[];
  /** How often changes ended otherwise than pushed, by code. */
  refusals: Record<string, number>;
}

/** Both sides of a workspace at work, with faults between them. */
export class BothSides {
  readonly #writing: Writing;
  readonly #settled: () => Promise<void>;
  readonly #pushers: TestPusher[];
  readonly #underWay = new Set<Promise<void>>();
  readonly #ledger: Ledger;
  readonly #here: LocalSide;
  readonly #there: RemoteSide;
  /** What is being done. */
  #at = "";

  constructor(writing: Writing) {
    this.#writing = writing;
    this.#settled = deliverEvents(writing.mirror).settled;
    this.#pushers = [this.#newPusher(), this.#newPusher()];
    this.#ledger = new Ledger(this.#sandbox, this.#user);
    this.#here = new LocalSide(this.#sandbox, this.#user, this.#ledger);
    this.#there = new RemoteSide(this.#sandbox, this.#ledger);
  }

  get #sandbox() {
    return this.#writing.mirror.sandbox;
  }

  get #user(): postgres.Sql {
    return this.#writing.user;
  }

  #newPusher(): TestPusher {
    return startPusher(this.#writing.mirror, { patience: SHORT_PATIENCE });
  }

  /** Plays a history to its rest; one that does not come to rest in time fails with what it was at. */
  async playAll(steps: readonly Step[], withinMs: number): Promise<Rest> {
    const over = new AbortController();
    const stuck = delay(withinMs, undefined, { signal: over.signal }).then(async () => {
      const open = JSON.stringify(await this.#openWork());
      throw new Error(`no rest after ${withinMs} ms, at ${this.#at}: ${open}`);
    });
    stuck.catch(() => undefined);
    try {
      return await Promise.race([this.#playToRest(steps), stuck]);
    } finally {
      over.abort();
    }
  }

  async #playToRest(steps: readonly Step[]): Promise<Rest> {
    for (const [index, step] of steps.entries()) {
      this.#at = `step ${index}, ${JSON.stringify(step)}`;
      await this.#play(step);
    }
    return this.#rest();
  }

  async #openWork(): Promise<object> {
    const { sql } = this.#writing.mirror.db;
    return {
      pushes: this.#underWay.size,
      changes: await sql`
        SELECT id, stream, operation, status, attempts, claimed_by, due_at, error_code, error_message
        FROM attio_sync.outbox WHERE status IN ('pending', 'pushing')`,
      marks: await sql`SELECT * FROM attio_sync.dirty`,
      sessions: await sql`
        SELECT pid, state, wait_event, left(query, 200) AS query FROM pg_stat_activity
        WHERE datname = current_database()`,
    };
  }

  /** Does one step; what there is nothing for is left out. */
  async #play(step: Step): Promise<void> {
    switch (step.kind) {
      case "add-pair":
        return this.#here.play(step);
      case "merge":
      case "rename":
        this.#there.play(step);
        return;
      case "fault":
        this.#sandbox.faults.add(step.fault);
        return;
      case "push":
        this.#push(step.value);
        return;
      case "kill":
        return this.#kill(step.value);
      case "hydrate":
        return this.#hydrate();
      case "backfill":
        await this.#writing.mirror.backfill({ streams: [...OBJECTS, "list:sales"] }).catch(ignoreFault);
        return;
      default:
        if (step.side === "here") await this.#here.play(step);
        else this.#there.play(step);
    }
  }

  /** Ends all faults, lets both sides come to rest, and says how. */
  async #rest(): Promise<Rest> {
    const { mirror } = this.#writing;
    const [pusher] = this.#pushers as [TestPusher];
    this.#sandbox.faults.clear();
    this.#at = "the pushes under way";
    await Promise.all(this.#underWay);
    await delay(LATE_EFFECT_MS + 200);
    const settle = async (name: string) => {
      this.#at = `${name}: inbox and marks`;
      await this.#settled();
      await drain(mirror);
      this.#at = `${name}: outbox`;
      // After many faults what is tried again is due minutes later; a test need not wait for it.
      await mirror.db.sql`UPDATE attio_sync.outbox SET due_at = now() WHERE status = 'pending'`;
      await pushAll(mirror, pusher);
      this.#at = `${name}: what the pushes announced`;
      await this.#settled();
      await drain(mirror);
    };
    await settle("first rest");
    const refusals = await this.#refusals();
    const lost = await this.#ledger.claims.lost();
    const open = await this.#user<{ id: string }[]>`
      SELECT id FROM attio.changes WHERE status IN ('failed', 'conflict')`;
    await discardChanges(
      mirror.db,
      open.map(({ id }) => Number(id)),
    );
    await settle("rest without what was set aside");
    const differences = await findDifferences(this.#sandbox, mirror.db.sql, { resources: [] });
    const writes = this.#sandbox.log.count({ kind: "write" });
    await mirror.backfill({ streams: [...OBJECTS, "list:sales"] });
    await settle("further cycle");
    const [left] = await this.#user<{ count: number }[]>`
      SELECT count(*)::int AS count FROM attio.changes WHERE status NOT IN ('pushed', 'discarded')`;
    return {
      differences,
      waiting: left?.count ?? 0,
      wronglyMade: await this.#ledger.wronglyMade(),
      furtherWrites: this.#sandbox.log.count({ kind: "write" }) - writes,
      lost,
      refusals,
    };
  }

  async #refusals(): Promise<Record<string, number>> {
    const rows = await this.#user<{ code: string; count: number }[]>`
      SELECT operation || ' ' || status || ' ' || coalesce(error_code, '') AS code, count(*)::int AS count
      FROM attio.changes WHERE status <> 'pushed' GROUP BY 1`;
    return Object.fromEntries(rows.map(({ code, count }) => [code, count]));
  }

  #push(value: number): void {
    const run = (this.#pushers[value % this.#pushers.length] as TestPusher)
      .run()
      .catch(() => undefined)
      .finally(() => this.#underWay.delete(run));
    this.#underWay.add(run);
  }

  async #kill(value: number): Promise<void> {
    const place = value % this.#pushers.length;
    await this.#pushers[place]?.kill();
    this.#pushers[place] = this.#newPusher();
  }

  async #hydrate(): Promise<void> {
    await this.#settled();
    await drain(this.#writing.mirror).catch(ignoreFault);
  }
}

/** What a job would be tried again for. */
function ignoreFault(error: unknown): void {
  if (!(error instanceof Error) || !error.name.startsWith("Attio")) throw error;
}
