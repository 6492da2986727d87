import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import postgres from "postgres";
import { expect, inject, test } from "vitest";
import { QUESTIONS } from "../../src/cli/demo/questions.ts";
import { runCli } from "../support/cli.ts";

test("the demo mirrors, asks and ends by itself where nobody sits at a terminal, and leaves no database behind", async () => {
  const adminUrl = inject("adminUrl");
  const { exitCode, out, err } = await runCli(["demo"], { DATABASE_URL: adminUrl, LOG_LEVEL: "error" });
  expect({ exitCode, err }).toEqual({ exitCode: 0, err: "" });
  expect(out).toMatch(/[1-9][\d,]* rows read in [\d,]+ requests, [1-9][\d,]* written\.\n/);
  expect(out).toMatch(/[1-9][\d,]* rows read in [\d,]+ requests, 0 written\.\n/);
  for (const { title } of QUESTIONS) {
    const answer = out.slice(out.indexOf(title));
    // Every question has an answer: the table's rule is followed by a row.
    expect(answer).toMatch(/─\n {7}[^\n]*\S/);
  }
  expect(out).toMatch(/psql 'postgres:/);
  const { password } = new URL(adminUrl);
  if (password !== "") expect(out).not.toContain(password);

  const sql = postgres(adminUrl, { max: 1 });
  const left = await sql`SELECT 1 FROM pg_database WHERE datname LIKE 'attio_mirror_demo_%'`;
  await sql.end();
  expect(left).toHaveLength(0);
});

test("without DATABASE_URL the demo brings its own PostgreSQL", async () => {
  const dataDir = await mkdtemp(join(tmpdir(), "attio-mirror-demo-"));
  const { exitCode, out } = await runCli(["demo"], { DATA_DIR: dataDir, LOG_LEVEL: "error" });
  await rm(dataDir, { recursive: true, force: true });
  expect(exitCode).toBe(0);
  expect(out).toContain("PostgreSQL 18.");
});
