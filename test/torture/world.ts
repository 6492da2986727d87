import { setTimeout as delay } from "node:timers/promises";
import postgres from "postgres";
import { createSql, type Sql } from "../../src/db/index.ts";
import { startSandbox, type Sandbox } from "../../src/sandbox/index.ts";
import { runCli, type CliResult } from "../support/cli.ts";
import {
  eventually,
  mirrored,
  ready,
  startDaemonProcess,
  type TestDaemon,
} from "../support/daemon-process.ts";
import { freePort } from "../support/free-port.ts";
import type { Services } from "./services.ts";
import type { Setup } from "./setup.ts";

/** Compiled programs of processes. */
export interface Programs {
  main: string;
  clockAhead: string;
}

/** A process that is started again whenever it ends, as compose does. */
interface Slot {
  roles: readonly string[];
  env: Readonly<Record<string, string>>;
  daemon: TestDaemon;
}

const SEED = { people: 12, companies: 8, deals: 6, seed: 5 };
const RESTART_MS = 300;

/** What a process that was stopped by SIGTERM may end with. */
const STOPPED = 143;

/** How long a world may take to come up, or to come to rest after the last fault. */
export const REST_MS = 240_000;

/** How long a process may take to end: several times the ten seconds of the design, as several worlds share the machine. */
const END_MS = 60_000;

/** A workspace, a database and the daemons between them. */
export class World {
  readonly sandbox: Sandbox;
  readonly services: Services;
  /** An application's connection. */
  readonly user: postgres.Sql;
  /** For looking on. */
  readonly sql: Sql;
  /** Exits that nobody asked for. */
  readonly exits: string[] = [];
  readonly #databaseUrl: string;
  readonly #settings: Readonly<Record<string, string>>;
  readonly #programs: Programs;
  readonly #origin: string;
  readonly #slots: Slot[] = [];
  readonly #oldLogs: string[] = [];
  #isOver = false;

  private constructor(
    services: Services,
    sandbox: Sandbox,
    programs: Programs,
    {
      databaseUrl,
      settings,
      origin,
    }: { databaseUrl: string; settings: Record<string, string>; origin: string },
  ) {
    this.services = services;
    this.sandbox = sandbox;
    this.#programs = programs;
    this.#databaseUrl = databaseUrl;
    this.#settings = settings;
    this.#origin = origin;
    this.sql = createSql(databaseUrl, { connections: 1, applicationName: "torture" });
    this.user = postgres(databaseUrl, {
      max: 1,
      onnotice: () => undefined,
      connection: { application_name: "application" },
    });
  }

  /** Starts everything and waits until the workspace is mirrored. */
  static async start(services: Services, programs: Programs, setup: Setup): Promise<World> {
    const sandbox = await startSandbox({
      seed: SEED,
      webhooks: { perSecond: 200, firstRetryMs: 50, retries: 6 },
    });
    sandbox.store.createAttribute("deals", { slug: "mirror_id", type: "text", isUnique: true });
    const databaseUrl = await services.createDatabase();
    const port = await freePort();
    const origin = `http://127.0.0.1:${port}`;
    const settings = {
      ATTIO_API_KEY: sandbox.token,
      ATTIO_BASE_URL: sandbox.url,
      DATABASE_URL: databaseUrl,
      PUBLIC_URL: origin,
      PORT: String(port),
      OUTBOUND: "*",
      ATTIO_READS_PER_SECOND: "500",
      ATTIO_WRITES_PER_SECOND: "200",
      ...(setup.queue === "redis" && { REDIS_URL: await services.emptyRedis() }),
      ...setup.settings,
    };
    const world = new World(services, sandbox, programs, { databaseUrl, settings, origin });
    for (const [place, roles] of setup.processes.entries()) {
      const isAhead = setup.clockAheadMs > 0 && place === setup.processes.length - 1;
      world.#slots.push(world.#open(roles, isAhead ? setup.clockAheadMs : 0));
    }
    try {
      await world.settled();
    } catch (error) {
      await world.close();
      throw error;
    }
    return world;
  }

  /** Waits until all processes are up and every stream was read. */
  async settled(): Promise<void> {
    await ready(this.#origin, REST_MS);
    await eventually(
      () => Promise.resolve(this.#slots.every(({ daemon }) => daemon.log().includes("the daemon runs"))),
      (areUp) => areUp,
      REST_MS,
    );
    await mirrored({ sql: this.sql }, REST_MS);
  }

  /** Runs a command of the product beside the daemons. */
  command(...argv: string[]): Promise<CliResult> {
    return runCli(argv, { ...this.#settings, LOG_LEVEL: "error" });
  }

  /** Ends a process; it comes back by itself. One that does not end is noted, and killed. */
  async end(place: number, signal: NodeJS.Signals): Promise<void> {
    const slot = this.#slots[place % this.#slots.length];
    if (slot === undefined) return;
    const { daemon, roles } = slot;
    const late = setTimeout(() => {
      this.exits.push(`${roles.join("+")} did not end by ${signal}: ${daemon.log().slice(-600)}`);
      daemon.signal("SIGKILL");
    }, END_MS);
    await daemon.end(signal);
    clearTimeout(late);
  }

  /** Everything that the daemons logged. */
  log(): string {
    return [...this.#oldLogs, ...this.#slots.map(({ daemon }) => daemon.log())].join("\n");
  }

  async close(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#slots.map(({ daemon }) => daemon.end("SIGKILL")));
    await Promise.all([this.user.end({ timeout: 1 }), this.sql.end({ timeout: 1 })]);
    await this.sandbox.close();
    await this.services.dropDatabase(this.#databaseUrl);
  }

  #open(roles: readonly string[], clockAheadMs: number): Slot {
    const env = {
      ...this.#settings,
      ...(clockAheadMs > 0 && {
        NODE_OPTIONS: `--import ${this.#programs.clockAhead}`,
        CLOCK_AHEAD_MS: String(clockAheadMs),
      }),
    };
    const slot: Slot = { roles, env, daemon: startDaemonProcess(this.#programs.main, roles, env) };
    void this.#supervise(slot);
    return slot;
  }

  #hasEnded(): boolean {
    return this.#isOver;
  }

  /** An exit code of its own accord is noted: a daemon has to outlive everything but a signal. */
  async #supervise(slot: Slot): Promise<void> {
    for (;;) {
      const code = await slot.daemon.exited;
      if (this.#isOver) return;
      const log = slot.daemon.log();
      this.#oldLogs.push(log);
      const wasUp = log.includes("the daemon runs");
      if (code !== null && code !== 0 && code !== STOPPED && wasUp)
        this.exits.push(`${slot.roles.join("+")} ended with ${String(code)}: ${log.slice(-600)}`);
      await delay(RESTART_MS);
      // It may have been closed meanwhile.
      if (this.#hasEnded()) return;
      slot.daemon = startDaemonProcess(this.#programs.main, slot.roles, slot.env);
    }
  }
}
