import { randomBytes } from "node:crypto";
import type { TestProject } from "vitest/node";
import { dropTemplates } from "../../test/support/templates.ts";

/**
 * Takes the PostgreSQL that the check started, and keeps its templates to itself: those of another mutant may be filled
 * wrongly. Compiles no programs: no mutant is to be caught by a test that starts them.
 */
export function setup(project: TestProject): () => Promise<void> {
  const adminUrl = process.env["DATABASE_URL"] ?? "";
  const runId = randomBytes(4).toString("hex");
  project.provide("adminUrl", adminUrl);
  project.provide("programs", "");
  project.provide("runId", runId);
  return () => dropTemplates(adminUrl, runId);
}
