import type { TestProject } from "vitest/node";

/** Takes the PostgreSQL that the check started. Compiles no programs: no mutant is to be caught by a test that starts them. */
export function setup(project: TestProject): void {
  project.provide("adminUrl", process.env["DATABASE_URL"] ?? "");
  project.provide("programs", "");
}
