import type { Database } from "../../db/index.ts";
import { startSandbox } from "../../sandbox/index.ts";
import type { StreamResult } from "../../sync/backfill/index.ts";
import type { Access } from "../attio.ts";
import { withClosers, type Closers } from "../closers.ts";
import { type Context } from "../context.ts";
import { createDemoDatabase } from "../demo/database.ts";
import { QUESTIONS, type Question } from "../demo/questions.ts";
import { EXIT_DONE, EXIT_FAILED } from "../failure.ts";
import type { Io } from "../io.ts";
import { mirrorStreams } from "../mirror-streams.ts";
import { toPlainLine } from "../stream-line.ts";
import { drawTable } from "../table.ts";

const SEED = { people: 2000, companies: 500, deals: 800, seed: 7 };

/** The sandbox is our own: there is no limit to be polite to. */
const UNLIMITED_PER_SECOND = 10_000;

/** `demo`: a simulated workspace, mirrored and queried; stays up until Enter where somebody sits at a terminal. */
export async function runDemo(given: Context): Promise<number> {
  const context: Context = {
    ...given,
    config: {
      ...given.config,
      attioReadsPerSecond: UNLIMITED_PER_SECOND,
      attioWritesPerSecond: UNLIMITED_PER_SECOND,
    },
  };
  return withClosers((closers) => tour(context, closers));
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
  const access: Access = { token: sandbox.token, baseUrl: sandbox.url };
  const first = await mirrorStreams(context, db, access, { toLine: (result) => `   ${toPlainLine(result)}` });
  say(`\n   ${summary(first)}\n\n`);

  say("4. The same again: what did not change is not written\n\n");
  const second = await mirrorStreams(context, db, access, { toLine: () => "" });
  say(`   ${summary(second)}\n\n`);

  say("5. Questions, in SQL\n");
  for (const question of QUESTIONS) await ask(db, question, io);

  say(`\nLook around yourself:\n\n   ${psql}\n\n`);
  if (io.stdin.isTTY === true) {
    say("Everything keeps running until you press Enter.\n");
    await io.waitForEnter(io.signal);
    io.signal.throwIfAborted();
  }
  return [...first, ...second].some(({ state }) => state === "failed") ? EXIT_FAILED : EXIT_DONE;
}

function summary(results: readonly StreamResult[]): string {
  const sum = (field: "rows" | "written" | "requests" | "ms") =>
    results.reduce((total, result) => total + result[field], 0);
  const count = (value: number) => value.toLocaleString("en-US");
  return `${count(sum("rows"))} rows read in ${count(sum("requests"))} requests, ${count(sum("written"))} written.`;
}

async function ask(db: Database, { title, sql }: Question, io: Io): Promise<void> {
  const rows = await db.sql.unsafe<Record<string, unknown>[]>(sql);
  const columns = rows.columns.map(({ name }) => name);
  const table = drawTable(
    columns,
    rows.map((row) => columns.map((column) => toNumber(row[column]))),
  );
  io.stdout.write(`\n   ${title}\n\n${indent(sql.trim(), 6)}\n\n${indent(table, 6)}\n`);
}

/** `numeric` arrives as text, to lose no digit; on a screen it is a number. */
function toNumber(cell: unknown): unknown {
  return typeof cell === "string" && /^-?\d{1,15}(\.\d+)?$/.test(cell) ? Number(cell) : cell;
}

function indent(text: string, spaces: number): string {
  return text.replace(/^(?=.)/gm, " ".repeat(spaces));
}
