import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { wantBackfillOf } from "../../src/db/queries/chores.ts";
import { startSandbox, type Fault, type Item, type Sandbox } from "../../src/sandbox/index.ts";
import { runCli } from "../support/cli.ts";
import { eventually, makeHome, mirrored, ready, type Home, type TestDaemon } from "../support/daemon.ts";
import { freePort } from "../support/free-port.ts";
import { createOwnedDatabase, type OwnedDatabase } from "../support/owned-database.ts";
import { program } from "../support/program.ts";
import { sign } from "../webhooks/support.ts";

/** A word that nothing but a leak can print. */
const canary = (kind: string) => `canary${kind}${randomBytes(9).toString("hex")}`;

/** What a customer keeps in Attio; each is somewhere in the workspace, in a request or in an answer of Attio's. */
const VALUES = {
  title: canary("title"),
  email: canary("email"),
  note: canary("note"),
  local: canary("local"),
  quoted: canary("quoted"),
  forged: canary("forged"),
  crash: canary("crash"),
};

const REDIS_PASSWORD = canary("redis");

/** Has a program crash out of any call, and Node write all reports it can into the working directory. */
function crashAt(when: "SIGUSR2" | "message"): Record<string, string> {
  const options = [`--import=${program("test/fixtures/crash")}`, "--report-uncaught-exception"];
  return { NODE_OPTIONS: options.join(" "), CRASH: when, CRASH_VALUE: VALUES.crash };
}

let database: OwnedDatabase;
let sandbox: Sandbox;
let home: Home;
let daemon: TestDaemon;
let folder: string;
let person: Item;
let secrets: Record<string, string>;
/** All that was printed, answered or written. */
const emitted: Record<string, string> = {};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "attio-mirror-canaries-"));
  database = await createOwnedDatabase();
  sandbox = await startSandbox({
    seed: { people: 3, companies: 2, deals: 2, seed: 8 },
    webhooks: { perSecond: 200, firstRetryMs: 50 },
  });
  const { store } = sandbox;
  person = store.createRecord("people", {
    job_title: VALUES.title,
    email_addresses: [`${VALUES.email}@example.com`],
  });
  store.createNote({ record: person, title: VALUES.note, content: VALUES.note });
  home = await makeHome(sandbox, { databaseUrl: database.url });
  daemon = startDaemon();
  await ready(home.origin);
  await mirrored(home.db);
  const [webhook] = await home.db.sql<{ secret: string }[]>`SELECT secret FROM attio_sync.webhooks`;
  secrets = {
    token: sandbox.token,
    databasePassword: database.password,
    webhookSecret: webhook?.secret ?? "",
    redisPassword: REDIS_PASSWORD,
  };
});
afterAll(async () => {
  await home.close();
  await sandbox.close();
  await database.drop();
  await rm(folder, { recursive: true, force: true });
});

function startDaemon(env: Record<string, string> = {}): TestDaemon {
  const settings = { OUTBOUND: "*", HISTORY: "off", LOG_LEVEL: "trace", ...crashAt("SIGUSR2") };
  return home.start({ env: { ...settings, ...env }, cwd: folder });
}

async function says(from: TestDaemon, ...texts: string[]): Promise<void> {
  await eventually(
    () => Promise.resolve(texts.filter((text) => !from.log().includes(text))),
    (missing) => missing.length === 0,
  );
}

/** Attio's refusal, quoting a value. */
function refusal(status: number, code: string): Fault {
  const body = { status_code: status, type: "invalid_request_error", code, message: `no: ${VALUES.quoted}` };
  return { kind: "status", status, body };
}

async function ask(path: string, init: RequestInit = {}): Promise<number> {
  const answer = await fetch(home.origin + path, init);
  emitted[`answer ${answer.status} of ${path}`] = JSON.stringify([...answer.headers]) + (await answer.text());
  return answer.status;
}

/** Where one of the words stands in what was emitted, with its surroundings. */
function leaks(words: Record<string, string>, leftOut = /^$/): string[] {
  return Object.entries(emitted)
    .filter(([where]) => !leftOut.test(where))
    .flatMap(([where, text]) =>
      Object.entries(words).flatMap(([name, word]) => {
        const at = word === "" ? 0 : text.indexOf(word);
        return at < 0 ? [] : [`${name} in ${where}: …${text.slice(Math.max(0, at - 120), at + 40)}…`];
      }),
    );
}

test("a daemon that meets errors of all kinds prints neither a secret nor a customer's value", async () => {
  const { sql } = home.db;
  const { store } = sandbox;
  // A trigger of the user's that refuses a row in words of its own.
  await sql`CREATE FUNCTION attio.refuse() RETURNS trigger LANGUAGE plpgsql
    AS $$ BEGIN RAISE EXCEPTION 'I do not like %', NEW.job_title USING DETAIL = NEW.job_title; END $$`;
  await sql`CREATE TRIGGER refuse BEFORE INSERT OR UPDATE ON attio.people
    FOR EACH ROW WHEN (NEW.job_title LIKE 'canarytitle%again') EXECUTE FUNCTION attio.refuse()`;
  store.updateRecord("people", person.id, { job_title: `${VALUES.title}again` });
  await says(daemon, "hydrate failed");
  await wantBackfillOf(sql, ["people"]);
  await says(daemon, "backfill failed", '"state":"failed"');
  await sql`DROP TRIGGER refuse ON attio.people`;

  const faults = [
    sandbox.faults.add({ ...refusal(500, "internal"), path: "/records/query", times: 1 }),
    sandbox.faults.add({ ...refusal(401, "unauthorized"), path: "/records/query", times: 1 }),
    sandbox.faults.add({ kind: "truncate", path: "/records/query", times: 1 }),
  ];
  store.updateRecord("people", person.id, { job_title: VALUES.title });
  await says(daemon, "401 unauthorized", '"code":"internal"', '"code":"truncated"');
  expect(faults.map(({ hits }) => hits)).toEqual([1, 1, 1]);

  sandbox.faults.add({ ...refusal(422, "value_not_found"), method: "PATCH", times: 1 });
  await database.admin`UPDATE attio.people SET job_title = ${VALUES.local} WHERE record_id = ${person.id}`;
  await says(daemon, "a change was not pushed");

  const body = JSON.stringify({ webhook_id: VALUES.forged, events: [VALUES.forged, { id: VALUES.forged }] });
  const post = (headers: Record<string, string>) =>
    ask("/webhooks/attio/1", { method: "POST", body, headers });
  expect(await post({ "attio-signature": sign(body, "another secret") })).toBe(401);
  expect(await post({ "attio-signature": sign(body, secrets["webhookSecret"] ?? "") })).toBe(200);
  await says(daemon, "a delivery could not be read");
  for (const path of ["/", "/healthz", "/readyz", "/metrics", "/queues", `/${VALUES.forged}`])
    await ask(path);

  daemon.signal("SIGUSR2");
  expect(await daemon.exited).not.toBe(0);
  expect(daemon.log()).toContain("crashed on purpose");
  emitted["the daemon's output"] = daemon.log();
});

test("a daemon whose Redis is away does not print its password, nor what it holds when it is stopped", async () => {
  const second = startDaemon({ REDIS_URL: `redis://:${REDIS_PASSWORD}@127.0.0.1:${await freePort()}` });
  await says(second, "ECONNREFUSED");
  await ask("/readyz");
  // Asked twice, it ends at once.
  let isOver = false;
  void second.exited.then(() => (isOver = true));
  await eventually(
    () => (second.signal("SIGTERM"), Promise.resolve(isOver)),
    (over) => over,
  );
  emitted["the second daemon's output"] = second.log();
});

test("a backfill's own process crashes as quietly", async () => {
  const child = spawn(process.execPath, [program("src/workers/backfill-child-main")], {
    cwd: folder,
    env: { PATH: process.env["PATH"], ...crashAt("message") },
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream?.on("data", (chunk: Buffer) => {
      output += chunk.toString();
    });
  expect(await once(child, "close")).toEqual([1, null]);
  expect(output).toContain("crashed on purpose");
  emitted["a backfill's process"] = output;
});

test("commands print no secret, and values only as the data that was asked for", async () => {
  const env = {
    ATTIO_API_KEY: sandbox.token,
    ATTIO_BASE_URL: sandbox.url,
    DATABASE_URL: database.url,
    PUBLIC_URL: home.origin,
    LOG_LEVEL: "trace",
  };
  const wrong = new URL(database.url);
  wrong.password = `${database.password}x`;
  const away = new URL(database.url);
  away.port = String(await freePort());
  const broken = `postgres://mirror:${database.password}@[nowhere/crm`;
  const runs: [argv: string[], env?: Record<string, string>, fault?: Fault][] = [
    [["status"]],
    [["status", "--json"]],
    [["verify", "people"]],
    [["changes", "list", "--all"]],
    [["webhooks", "list", "--json"]],
    [["webhooks", "rotate"], {}, refusal(422, "validation_type")],
    [["backfill", "people"], {}, refusal(422, "validation_type")],
    [["backfill", "people"], { ATTIO_API_KEY: `${sandbox.token}x` }],
    [["backfill", "people"], { ATTIO_API_KEY: `${sandbox.token} x` }],
    [["status"], { DATABASE_URL: wrong.href }],
    [["status"], { DATABASE_URL: away.href }],
    [["status"], { DATABASE_URL: broken }],
    [["start"], { REDIS_URL: `http://:${REDIS_PASSWORD}@cache` }],
  ];
  for (const [argv, settings = {}, fault] of runs) {
    const handle = fault === undefined ? undefined : sandbox.faults.add(fault);
    const { exitCode, out, err } = await runCli(argv, { ...env, ...settings });
    handle?.remove();
    const what = `${argv.join(" ")} ${Object.keys(settings).join()}`;
    expect([what, exitCode === 0]).toEqual([what, Object.keys(settings).length === 0 && fault === undefined]);
    emitted[`stdout of ${what}`] = out;
    emitted[`stderr of ${what}`] = err;
  }
});

test("a search through all of it, and all files, finds none", async () => {
  for (const name of await readdir(folder, { recursive: true }))
    emitted[`file ${name}`] = await readFile(join(folder, name), "utf8");
  expect(Object.values(secrets).filter((secret) => secret.length < 16)).toEqual([]);
  expect([...leaks(secrets), ...leaks(VALUES, /^stdout of /)]).toEqual([]);
});
