import { randomBytes } from "node:crypto";
import { dirname } from "node:path";
import type { TestProject } from "vitest/node";
import { compile } from "../../scripts/compile.ts";
import { startTestServer } from "./server.ts";
import { dropTemplates } from "./templates.ts";

declare module "vitest" {
  export interface ProvidedContext {
    /** Connection URL of the test run's PostgreSQL, as a user who may create databases. */
    adminUrl: string;
    /** Folder of the compiled sources, for processes that tests start. */
    programs: string;
    /** Tells this run's databases from those of others on the same server. */
    runId: string;
  }
}

/**
 * Starts one PostgreSQL for the whole run, on which every test file makes databases of its own, and compiles the program and
 * the fixtures.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = await startTestServer(process.env["DATABASE_URL"]);
  const program = await compile("test", ["test/fixtures"]);
  project.provide("adminUrl", server.adminUrl);
  project.provide("programs", dirname(program("")));
  const runId = randomBytes(4).toString("hex");
  project.provide("runId", runId);
  process.stdout.write(`PostgreSQL for the tests: ${server.kind}\n`);
  return async () => {
    await dropTemplates(server.adminUrl, runId);
    await server.stop();
  };
}
