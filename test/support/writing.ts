import postgres from "postgres";
import { createSql } from "../../src/db/index.ts";
import { filledDatabase } from "./filled-database.ts";
import type { SandboxOptions } from "../../src/sandbox/index.ts";
import { Pusher } from "../../src/sync/push/push.ts";
import { PATIENCE, type PushDeps } from "../../src/sync/push/push-deps.ts";
import { startMirror, undoAfter, withMirror, type Mirror, type MirrorOptions } from "./mirror.ts";

/**
 * Short enough to wait for in a test; the sandbox's late effects are shorter by a second, which a request may take to get there
 * on a busy machine.
 */
export const SHORT_PATIENCE = { timeoutMs: 1_500, graceMs: 2_600, referenceMs: 5_000, pauseMs: 2_000 };

export interface Writing {
  mirror: Mirror;
  /** A user's own connection. */
  user: postgres.Sql;
  pusher: TestPusher;
  /** Pushes until nothing is left to do, waiting for what is due later. */
  push: () => Promise<void>;
}

export interface TestPusher {
  /** Pushes what is due. */
  run(): Promise<void>;
  /** Ends as a killed process would: its requests are cut, and its connection, which holds its claims, is gone. */
  kill(): Promise<void>;
}

export interface WritingOptions extends Partial<
  Pick<PushDeps, "policy" | "patience" | "externalIds" | "log">
> {
  seed?: NonNullable<SandboxOptions["seed"]>;
  mirror?: Omit<MirrorOptions, "sandbox" | "database">;
  /** Fixed tables that are filled as well, such as `notes`. */
  resources?: readonly string[];
}

/** Streams of objects and lists; the others are not read, which takes longer than everything else. */
async function recordStreams({ db }: Mirror): Promise<string[]> {
  const rows = await db.sql<{ stream: string }[]>`
    SELECT stream FROM attio_sync.streams WHERE source_id IS NOT NULL AND state = 'ok'`;
  return rows.map(({ stream }) => stream);
}

/**
 * Starts a mirror that is open for local writes, filled with the records and entries of its workspace. Filling takes longer
 * than most tests; so it is done once a run, and each gets a copy.
 */
export async function startWriting(options: WritingOptions = {}): Promise<Writing> {
  const { seed = { people: 20, companies: 10, deals: 5, seed: 4 }, resources = [] } = options;
  const { life = "test", ...rest } = options.mirror ?? {};
  const setup = { outbound: "*", ...rest, sandbox: { seed } } as const;
  const database = await filledDatabase({ ...setup, resources }, (url) =>
    withMirror(setup, url, async (filling) => {
      await filling.syncSchema();
      await filling.backfill({ streams: [...(await recordStreams(filling)), "members", ...resources] });
    }),
  );
  const mirror = await startMirror({ ...setup, life, database });
  const user = postgres(mirror.db.url, { max: 1, onnotice: () => undefined });
  undoAfter(options.mirror?.life ?? "test", () => user.end({ timeout: 1 }));
  const pusher = startPusher(mirror, options);
  return { mirror, user, pusher, push: () => pushAll(mirror, pusher) };
}

/** One more process that pushes. */
export function startPusher(mirror: Mirror, options: WritingOptions = {}): TestPusher {
  const {
    policy = "latest",
    patience = PATIENCE,
    externalIds = new Map<string, string>(),
    log = mirror.deps.log,
  } = options;
  const claims = createSql(mirror.db.url, { connections: 1 });
  undoAfter(options.mirror?.life ?? "test", () => claims.end({ timeout: 1 }));
  const ended = new AbortController();
  const ownActor = mirror.sandbox.access.id;
  const pusher = new Pusher({ ...mirror.deps, policy, patience, externalIds, ownActor, log }, claims);
  return {
    run: async () => {
      await pusher.run({ signal: ended.signal });
    },
    kill: async () => {
      ended.abort();
      await claims.end({ timeout: 0 });
    },
  };
}

/** Pushes until nothing is left to do, waiting for what is due later. */
export async function pushAll({ db }: Mirror, pusher: TestPusher): Promise<void> {
  for (;;) {
    await pusher.run();
    const [left] = await db.sql<{ count: number }[]>`
      SELECT count(*) AS count FROM attio_sync.outbox WHERE status IN ('pending', 'pushing')`;
    if (left?.count === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
