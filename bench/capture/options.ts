import { parseArgs } from "node:util";
import { wholeNumber } from "../support/whole-number.ts";

/** What the command line asks for. */
export interface CaptureOptions {
  rows: number;
  bytesPerRecord: number;
  rounds: number;
  /** Print the plan of the UPDATE that the target is about, with the time that its triggers took. */
  explain: boolean;
}

export const USAGE = `npm run bench:capture -- [options]
  --rows N        rows of the table (10000)
  --bytes N       size of a record's JSON (10000)
  --rounds N      how often everything is measured, in turn (7)
  --explain       print the plan of the UPDATE of one column as well
DATABASE_URL names the server (its user must be allowed to create databases); not set: the embedded PostgreSQL.
`;

/** Reads the command line. Throws TypeError for what it does not know. */
export function readOptions(argv: readonly string[]): CaptureOptions {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      rows: { type: "string", default: "10000" },
      bytes: { type: "string", default: "10000" },
      rounds: { type: "string", default: "7" },
      explain: { type: "boolean", default: false },
    },
  });
  return {
    rows: wholeNumber("rows", values.rows),
    bytesPerRecord: wholeNumber("bytes", values.bytes),
    rounds: wholeNumber("rounds", values.rounds),
    explain: values.explain,
  };
}
