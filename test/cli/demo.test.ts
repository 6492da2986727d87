import postgres from "postgres";
import { expect, inject, test } from "vitest";
import { QUESTIONS } from "../../src/cli/demo/questions.ts";
import { runCli } from "../support/cli.ts";

test("the demo mirrors, asks and ends by itself where nobody sits at a terminal, and leaves no database behind", async () => {
  const adminUrl = inject("adminUrl");
  const { exitCode, out, err } = await runCli(["demo"], { DATABASE_URL: adminUrl, LOG_LEVEL: "error" });
  expect({ exitCode, err }).toEqual({ exitCode: 0, err: "" });
  expect(out).toMatch(/[1-9][\d,]* rows in [1-9][\d,]* requests/);
  expect(out).toMatch(/deals: 199 rows read, 1 written, 198 unchanged, 1 deleted/);
  expect(out).toContain('the first is now "Won 🎉", and the second is gone.');
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
}, 180_000);
