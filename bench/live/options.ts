import { parseArgs } from "node:util";
import { wholeNumber } from "../support/whole-number.ts";

/** What the command line asks for. */
export interface LiveOptions {
  records: number;
  bytesPerRecord: number;
  /** Length of the parts that have no end of their own. */
  seconds: number;
  /** Folder for CPU profiles of the daemon. */
  profileFolder: string | undefined;
}

export const USAGE = `npm run bench:live -- [options]
  --records N     records of the workspace (100000)
  --bytes N       size of a record's JSON (10000)
  --seconds N     how long it is measured beside what has no end of its own (30)
  --profile DIR   write CPU profiles of the daemon there
DATABASE_URL names the server (its user must be allowed to create databases); not set: the embedded PostgreSQL.
REDIS_URL names an empty Redis; set: everything is measured with the queue there as well.
`;

/** Reads the command line. Throws TypeError for what it does not know. */
export function readOptions(argv: readonly string[]): LiveOptions {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      records: { type: "string", default: "100000" },
      bytes: { type: "string", default: "10000" },
      seconds: { type: "string", default: "30" },
      profile: { type: "string" },
    },
  });
  return {
    records: wholeNumber("records", values.records),
    bytesPerRecord: wholeNumber("bytes", values.bytes),
    seconds: wholeNumber("seconds", values.seconds),
    profileFolder: values.profile,
  };
}
