import type { SandboxPlace } from "../support/sandbox.ts";

/** What a contestant works with. */
export interface Arena {
  place: SandboxPlace;
  /** A database of its own, empty at its first run. */
  databaseUrl: string;
}

/** A way of getting all records, ready to go. */
export interface Ready {
  /** What is timed. Gives the number of records. */
  go(): Promise<number>;
  close(): Promise<void>;
}

/** Prepares, untimed: tables, connections, migrations. */
export type Contestant = (arena: Arena) => Promise<Ready>;

/** What a contestant's process says at its end. */
export interface Measured {
  records: number;
  ms: number;
  /** Of this process. */
  cpuMs: number;
  peakRssMb: number;
}

/** The same, with what the run cost other processes; undefined where the system does not tell. */
export interface Run extends Measured {
  serverCpuMs: number | undefined;
  sandboxCpuMs: number | undefined;
}
