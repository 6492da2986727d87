import { startSandbox, type Sandbox } from "../../sandbox/index.ts";
import type { StreamResult } from "../../sync/backfill/index.ts";
import type { Access } from "../attio.ts";
import { withClosers, type Closers } from "../closers.ts";
import { withoutRoutineFacts, type Context } from "../context.ts";
import { createDemoDatabase } from "../demo/database.ts";
import { ask, QUESTIONS } from "../demo/questions.ts";
import { loseAndWinDeals } from "../demo/colleagues.ts";
import { EXIT_DONE } from "../failure.ts";
import { mirrorStreams } from "../mirror-streams.ts";
import { cutTo, textWidth } from "../text-width.ts";

const SEED = { people: 400, companies: 120, deals: 200, seed: 7 };

/** The sandbox is our own: there is no limit to be polite to. */
const UNLIMITED_PER_SECOND = 10_000;

/** `demo`: a simulated workspace, mirrored and queried; stays up until Enter where somebody sits at a terminal. */
export async function runDemo(context: Context): Promise<number> {
  const config = {
    ...context.config,
    attioReadsPerSecond: UNLIMITED_PER_SECOND,
    attioWritesPerSecond: UNLIMITED_PER_SECOND,
  };
  return withClosers((closers) => tour(withoutRoutineFacts({ ...context, config }), closers));
}

async function tour(context: Context, closers: Closers): Promise<number> {
  const { io } = context;
  const say = (text: string) => void io.stdout.write(text);

  say("1. A simulated Attio workspace\n\n");
  const sandbox = await startSandbox({ seed: SEED });
  closers.add(() => sandbox.close());
  say(`   It answers at ${sandbox.url} as Attio would.\n\n`);

  say("2. A real PostgreSQL\n\n");
  const { db, psql, version } = await createDemoDatabase(context, closers);
  say(`   PostgreSQL ${version}, with a database of its own for this demo.\n\n`);

  say("3. The backfill: every object, list, note, task, … into a typed table\n\n");
  const results = await mirrorStreams(context, db, accessTo(sandbox), { toLine: toDemoLine });
  say(`\n   ${summary(results)}\n\n`);

  say("4. Colleagues at work\n\n");
  const change = await loseAndWinDeals(db, sandbox);
  say(`   ${change.story}\n   The next backfill writes what changed, and nothing else:\n\n`);
  await mirrorStreams(context, db, accessTo(sandbox), { streams: ["deals"], toLine: toChangeLine });
  say(`\n   ${await change.outcome()}\n\n`);

  say("5. Questions, in SQL\n");
  for (const question of QUESTIONS) say(await ask(db, question));

  say(`\nLook around yourself:\n\n   ${psql}\n\n`);
  if (io.stdin.isTTY === true) {
    say("Everything keeps running until you press Enter.\n");
    await io.waitForEnter(io.signal);
    io.signal.throwIfAborted();
  }
  return EXIT_DONE;
}

function accessTo({ token, url }: Sandbox): Access {
  return { token, baseUrl: url };
}

const NAME_WIDTH = 26;

function toDemoLine({ stream, rows, requests, ms, state, reason }: StreamResult): string {
  const name = cutTo(stream, NAME_WIDTH);
  const figures = [`${count(rows).padStart(6)} rows`, `${count(requests).padStart(6)} requests`, seconds(ms)];
  const rest = state === "ok" ? figures.join("   ") : `${state}: ${reason ?? ""}`;
  return `   ${name}${" ".repeat(NAME_WIDTH - textWidth(name))} ${rest}\n`;
}

function toChangeLine({ stream, rows, written, unchanged, deleted, ms }: StreamResult): string {
  return `   ${stream}: ${count(rows)} rows read, ${count(written)} written, ${count(unchanged)} unchanged, ${count(deleted)} deleted, ${seconds(ms)}\n`;
}

function summary(results: readonly StreamResult[]): string {
  const rows = results.reduce((total, result) => total + result.rows, 0);
  const requests = results.reduce((total, result) => total + result.requests, 0);
  const ms = results.reduce((total, result) => total + result.ms, 0);
  return `${count(rows)} rows in ${count(requests)} requests, ${seconds(ms)}.`;
}

function count(value: number): string {
  return value.toLocaleString("en-US");
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
