import { parseArgs } from "node:util";
import { wholeNumber } from "../support/whole-number.ts";

/** What the command line asks for. */
export interface BenchOptions {
  records: number;
  bytesPerRecord: number;
  attributes: number;
  rounds: number;
  /** Measure a workspace of `LARGE_RECORDS` as well. */
  isLarge: boolean;
  /** Names of contestants; all when empty. */
  only: readonly string[];
  /** Folder for CPU profiles of the mirror's own process. */
  profileFolder: string | undefined;
}

export const LARGE_RECORDS = 100_000;

export const USAGE = `npm run bench:backfill -- [options]
  --records N     records of the benchmark object (20000)
  --bytes N       size of a record's JSON (10000)
  --attributes N  attributes of a record (25)
  --rounds N      how often everything is measured, in turn (3)
  --large         also with ${LARGE_RECORDS} records, once
  --only A,B      these contestants alone
  --profile DIR   write CPU profiles of the mirror's process there
DATABASE_URL names the server (its user must be allowed to create databases); not set: the embedded PostgreSQL.
`;

/** Reads the command line. Throws TypeError for what it does not know. */
export function readOptions(argv: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      records: { type: "string", default: "20000" },
      bytes: { type: "string", default: "10000" },
      attributes: { type: "string", default: "25" },
      rounds: { type: "string", default: "3" },
      large: { type: "boolean", default: false },
      only: { type: "string", default: "" },
      profile: { type: "string" },
    },
  });
  return {
    records: wholeNumber("records", values.records),
    bytesPerRecord: wholeNumber("bytes", values.bytes),
    attributes: wholeNumber("attributes", values.attributes),
    rounds: wholeNumber("rounds", values.rounds),
    isLarge: values.large,
    only: values.only === "" ? [] : values.only.split(","),
    profileFolder: values.profile,
  };
}
