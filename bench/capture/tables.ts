import type { Sql } from "../../src/db/index.ts";
import { markSync } from "../../src/db/locks.ts";
import { CAPTURE_TRIGGER } from "../../src/db/mirror/capture.ts";
import { BENCH_OBJECT } from "../support/sandbox.ts";

/** The tables that are compared, in the mirror's schema: one with the capture's triggers, one without any. */
export const OPEN = BENCH_OBJECT;
export const BARE = `${BENCH_OBJECT}_bare`;

/** What both begin with. */
export const KEPT = `${BENCH_OBJECT}_kept`;

/** Copies the open table: the same columns, defaults, constraints and indexes, the same rows, no triggers. */
export async function copyTables(sql: Sql): Promise<void> {
  const triggers = await sql`
    SELECT FROM pg_trigger WHERE tgrelid = ${`attio.${OPEN}`}::regclass AND tgname = ${CAPTURE_TRIGGER}`;
  if (triggers.length === 0) throw new Error(`attio.${OPEN} is not open for local writes`);
  await sql`CREATE TABLE attio.${sql(BARE)} (LIKE attio.${sql(OPEN)} INCLUDING ALL)`;
  await sql`CREATE TABLE attio.${sql(KEPT)} AS SELECT * FROM attio.${sql(OPEN)} ORDER BY record_id`;
  for (const table of [OPEN, BARE]) {
    await restore(sql, table);
    await sql`ANALYZE attio.${sql(table)}`;
  }
}

/** Gives a table its first rows, packed as on the first day, so that every statement meets the same. */
export async function restore(sql: Sql, table: string): Promise<void> {
  await sql.begin(async (tx) => {
    await markSync(tx);
    await tx`TRUNCATE attio_sync.outbox, attio.${tx(table)}`;
    await tx`INSERT INTO attio.${tx(table)} SELECT * FROM attio.${tx(KEPT)}`;
  });
  await sql`VACUUM attio.${sql(table)}`;
}

/** How many changes were captured. */
export async function countCaptured(sql: Sql): Promise<number> {
  const [row] = await sql<{ captured: number }[]>`SELECT count(*) AS captured FROM attio_sync.outbox`;
  return row?.captured ?? 0;
}

/** The ids of so many rows. */
export async function readIds(sql: Sql, rows: number): Promise<string[]> {
  const kept = await sql<{ id: string }[]>`
    SELECT record_id AS id FROM attio.${sql(KEPT)} ORDER BY record_id LIMIT ${rows}`;
  return kept.map(({ id }) => id);
}
