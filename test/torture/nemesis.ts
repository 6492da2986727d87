import { setTimeout as delay } from "node:timers/promises";
import type postgres from "postgres";
import type { Mishap } from "./operation.ts";
import type { World } from "./world.ts";

/** Tables that the daemons write, each of which a full disk hits. */
const WRITTEN = [
  "attio.people",
  "attio.companies",
  "attio.notes",
  "attio_sync.dirty",
  "attio_sync.webhook_events",
  "attio_sync.outbox",
];

/** Does to processes and services what operations does to them. */
export class Nemesis {
  readonly #world: World;
  readonly #underWay = new Set<Promise<unknown>>();

  constructor(world: World) {
    this.#world = world;
  }

  /** Begins a mishap; what takes longer goes on beside everything else. */
  play(mishap: Mishap): void {
    const running: Promise<unknown> = this.#play(mishap).finally(() => this.#underWay.delete(running));
    this.#underWay.add(running);
  }

  /** Waits until no mishap is under way. */
  async over(): Promise<void> {
    await Promise.all(this.#underWay);
  }

  async #play(mishap: Mishap): Promise<void> {
    const { services, sandbox } = this.#world;
    switch (mishap.kind) {
      case "kill":
        return this.#world.end(mishap.process, "SIGKILL");
      case "stop":
        return this.#world.end(mishap.process, "SIGTERM");
      case "cut-connections":
        return this.#sql(
          (sql) => sql`
            SELECT pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE datname = current_database() AND application_name LIKE 'attio-mirror%' AND pid % ${mishap.share} = 0`,
        );
      case "crash-postgres":
        return this.#crashPostgres();
      case "restart-postgres":
        return services.restartPostgres();
      case "flush-redis":
        return services.flushRedis();
      case "restart-redis":
        return services.restartRedis();
      case "disk-full":
        return this.#fillDisk(mishap.ms);
      case "revoke-token":
        sandbox.access.isActive = false;
        await delay(mishap.ms);
        sandbox.access.isActive = true;
        return;
      case "webhook":
        return this.#webhook(mishap.fate);
      case "tick":
        // As if the schedule's tick had not come for hours, which its watchdog makes good.
        return this.#sql(
          (sql) => sql`
            UPDATE attio_sync.settings SET value = value || jsonb_build_object('tickedAt', now() - interval '3 hours')
            WHERE key = 'chore:backfill'`,
        );
    }
  }

  /** What cannot be done while the database is away is left. */
  async #sql(work: (sql: postgres.Sql) => PromiseLike<unknown>): Promise<void> {
    try {
      await work(this.#world.user);
    } catch (error) {
      if (!isOutage(error)) throw error;
    }
  }

  /** A backend that is killed makes PostgreSQL end all others and recover from its log. */
  async #crashPostgres(): Promise<void> {
    await this.#sql(async (sql) => {
      const [backend] = await sql<{ pid: number }[]>`
        SELECT pid FROM pg_stat_activity
        WHERE datname = current_database() AND application_name LIKE 'attio-mirror%' LIMIT 1`;
      if (backend !== undefined) killIfThere(backend.pid);
    });
  }

  async #fillDisk(ms: number): Promise<void> {
    await this.#sql(async (sql) => {
      await sql.unsafe(`
        CREATE SCHEMA IF NOT EXISTS nemesis;
        CREATE OR REPLACE FUNCTION nemesis.full_disk() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          IF current_setting('application_name') LIKE 'attio-mirror%' THEN
            RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100';
          END IF;
          RETURN NULL;
        END $$;`);
      for (const table of WRITTEN)
        await sql.unsafe(`
          CREATE OR REPLACE TRIGGER full_disk AFTER INSERT OR UPDATE OR DELETE ON ${table}
          FOR EACH ROW EXECUTE FUNCTION nemesis.full_disk()`);
    });
    await delay(ms);
    await this.freeDisk();
  }

  /** A disk that was filled while PostgreSQL went away is still full. */
  async freeDisk(): Promise<void> {
    await this.#sql(async (sql) => {
      for (const table of WRITTEN) await sql.unsafe(`DROP TRIGGER IF EXISTS full_disk ON ${table}`);
    });
  }

  async #webhook(fate: "rotate" | "delete" | "degrade"): Promise<void> {
    const { webhooks } = this.#world.sandbox;
    if (fate === "rotate") {
      await this.#world.command("webhooks", "rotate");
      return;
    }
    for (const { id } of webhooks.list()) {
      if (fate === "delete") webhooks.delete(id);
      else webhooks.setStatus(id, "degraded");
    }
    await delay(500);
    await this.#world.command("webhooks", "register");
  }
}

/** Whether a statement failed because the database went away, so that nobody knows what became of it. */
export function isOutage(error: unknown): boolean {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === "string" && /^(CONNECTION_|CONNECT_|ECONN|EPIPE|57P0|08)/.test(code);
}

/** It may have ended by itself since it was looked up. */
function killIfThere(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}
