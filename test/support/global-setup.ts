import type { TestProject } from "vitest/node";
import { startTestServer } from "./server.ts";

declare module "vitest" {
  export interface ProvidedContext {
    /** Connection URL of the test run's PostgreSQL, as a user who may create databases. */
    adminUrl: string;
  }
}

/** Starts one PostgreSQL for the whole run; every test file makes databases of its own on it. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = await startTestServer(process.env["DATABASE_URL"]);
  project.provide("adminUrl", server.adminUrl);
  process.stdout.write(`PostgreSQL for the tests: ${server.kind}\n`);
  return () => server.stop();
}
