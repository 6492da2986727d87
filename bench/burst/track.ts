import type { SandboxPlace } from "../support/sandbox.ts";
import type { BenchServer } from "../support/server.ts";
import type { BurstOptions } from "./options.ts";

/** What everything is measured with. */
export interface Track {
  options: BurstOptions;
  server: BenchServer;
  program: (name: string) => string;
  place: SandboxPlace;
}
