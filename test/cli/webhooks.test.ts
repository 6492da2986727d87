import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { startSandbox, type Sandbox } from "../../src/sandbox/index.ts";
import { runCli } from "../support/cli.ts";
import { createMigratedDatabase, type MigratedDatabase } from "../support/migrated.ts";

const PUBLIC_URL = "https://mirror.example.com";

let sandbox: Sandbox;
let db: MigratedDatabase;
let env: Record<string, string>;

beforeAll(async () => {
  sandbox = await startSandbox({ seed: "empty" });
  db = await createMigratedDatabase();
  env = {
    ATTIO_API_KEY: sandbox.token,
    ATTIO_BASE_URL: sandbox.url,
    DATABASE_URL: db.url,
    PUBLIC_URL,
    LOG_LEVEL: "error",
  };
});

afterAll(async () => {
  await sandbox.close();
  await db.drop();
});

beforeEach(async () => {
  await db.sql`TRUNCATE attio_sync.webhook_events, attio_sync.webhooks, attio_sync.settings`;
  for (const { id } of sandbox.webhooks.list()) sandbox.webhooks.delete(id);
});

async function json(argv: string[]): Promise<unknown> {
  const { exitCode, out, err } = await runCli(["webhooks", ...argv, "--json"], env);
  expect({ exitCode, err }).toEqual({ exitCode: 0, err: "" });
  expect(out.trim().split("\n")).toHaveLength(1);
  return JSON.parse(out);
}

describe("webhooks", () => {
  test("register makes one, and again finds it", async () => {
    const targetUrl = `${PUBLIC_URL}/webhooks/attio/1`;
    expect(await json(["register"])).toEqual({
      generation: 1,
      reason: "first",
      replaced: false,
      needsBackfill: true,
      targetUrl,
    });
    expect(sandbox.webhooks.list()).toMatchObject([{ targetUrl }]);
    expect(await json(["register"])).toMatchObject({ generation: 1, reason: null });
    const { out } = await runCli(["webhooks", "register"], env);
    expect(out).toMatch(/^Webhook 1 is registered already: https:\S+\/1\n.*backfill/);
  });

  test("rotate keeps the old one; --now does not", async () => {
    await json(["register"]);
    expect(await json(["rotate"])).toMatchObject({ generation: 2, reason: "rotation" });
    expect(sandbox.webhooks.list()).toHaveLength(2);
    expect(await json(["rotate", "--now"])).toMatchObject({ generation: 3, needsBackfill: true });
    expect(sandbox.webhooks.list().map(({ targetUrl }) => targetUrl)).toEqual([
      `${PUBLIC_URL}/webhooks/attio/3`,
    ]);
    expect(await json(["register"])).toMatchObject({ generation: 3, reason: null, needsBackfill: true });
  });

  test("list shows them, never a secret", async () => {
    expect((await runCli(["webhooks", "list"], env)).out).toBe(
      "No webhook. Run: attio-mirror webhooks register\n",
    );
    await json(["register"]);
    const [row] = await db.sql<{ secret: string }[]>`SELECT secret FROM attio_sync.webhooks`;
    const listed = await json(["list"]);
    expect(listed).toEqual({
      webhooks: [
        {
          generation: 1,
          webhookId: sandbox.webhooks.list()[0]?.id,
          targetUrl: `${PUBLIC_URL}/webhooks/attio/1`,
          state: "active",
          attioStatus: "active",
          createdAt: expect.stringMatching(/^\d{4}-.*Z$/) as string,
        },
      ],
    });
    const { out } = await runCli(["webhooks", "list"], env);
    expect(out).toContain(`${PUBLIC_URL}/webhooks/attio/1`);
    expect(row?.secret).toBeTypeOf("string");
    expect(out + JSON.stringify(listed)).not.toContain(row?.secret);
  });

  test("remove deletes them, also without PUBLIC_URL", async () => {
    await json(["register"]);
    const { exitCode, out } = await runCli(["webhooks", "remove"], { ...env, PUBLIC_URL: "" });
    expect({ exitCode, out }).toEqual({ exitCode: 0, out: "Removed 1 webhook.\n" });
    expect(sandbox.webhooks.list()).toEqual([]);
    expect(await json(["remove"])).toEqual({ removed: 0 });
  });

  test("a token without the scope is a mistake that is named", async () => {
    const scopes = [...sandbox.access.scopes];
    sandbox.setScopes(scopes.filter((scope) => !scope.startsWith("webhook:")));
    const { exitCode, err } = await runCli(["webhooks", "register"], env);
    sandbox.setScopes(scopes);
    expect(exitCode).toBe(2);
    expect(err).toMatch(/^attio-mirror: ATTIO_API_KEY [^\n]*\/v2\/webhooks[^\n]*\n$/);
  });

  test.each(["register", "rotate"])("%s without PUBLIC_URL is a mistake that is named", async (action) => {
    const { exitCode, err } = await runCli(["webhooks", action], { ...env, PUBLIC_URL: "" });
    expect(exitCode).toBe(2);
    expect(err).toMatch(/^attio-mirror: PUBLIC_URL [^\n]*\n$/);
  });

  test("no action is wrong usage and shows what there is", async () => {
    const { exitCode, err } = await runCli(["webhooks"], env);
    expect(exitCode).toBe(2);
    for (const action of ["list", "register", "rotate", "remove", "replay"]) expect(err).toContain(action);
  });
});

describe("webhooks replay", () => {
  beforeEach(async () => {
    await db.sql`
      INSERT INTO attio_sync.webhook_events (generation, body, received_at, processed_at, attempts, error)
      VALUES (1, 'a', now() - interval '3 hours', now(), 0, NULL), (1, 'b', now() - interval '1 hour', now(), 3, 'x'),
             (1, 'c', now() - interval '1 minute', now(), 0, NULL), (1, 'd', now(), NULL, 0, NULL)`;
  });

  const waiting = async () =>
    (
      await db.sql<{ body: string }[]>`
        SELECT encode(body, 'escape') AS body FROM attio_sync.webhook_events
        WHERE processed_at IS NULL AND attempts = 0 AND error IS NULL ORDER BY id`
    ).map(({ body }) => body);

  test("makes what was received since an age wait again, and tells how much", async () => {
    expect(await json(["replay", "--since", "2h"])).toMatchObject({ replayed: 2 });
    expect(await waiting()).toEqual(["b", "c", "d"]);
    expect(await json(["replay", "--since", "2h"])).toMatchObject({ replayed: 0 });
  });

  test("takes a time, in any zone, and needs no access to Attio", async () => {
    const { out, exitCode } = await runCli(["webhooks", "replay", "--since", "2020-01-31T12:00:00+01:00"], {
      DATABASE_URL: db.url,
    });
    expect({ exitCode, out }).toEqual({
      exitCode: 0,
      out: "3 deliveries received since 2020-01-31T11:00:00.000Z will be processed again.\n",
    });
  });

  test.each([["yesterday"], ["2h30"], ["2026-13-45T00:00:00Z"], ["2026-01-31T12:00:00"], ["-1h"]])(
    "--since %s is a mistake that is named",
    async (since) => {
      const { exitCode, err } = await runCli(["webhooks", "replay", `--since=${since}`], env);
      expect(exitCode).toBe(2);
      expect(err).toMatch(/^attio-mirror: [^\n]*--since[^\n]*\n$/);
    },
  );

  test("without --since is a mistake that is named", async () => {
    const { exitCode, err } = await runCli(["webhooks", "replay"], env);
    expect(exitCode).toBe(2);
    expect(err).toContain("--since");
  });
});
