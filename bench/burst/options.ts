import { parseArgs } from "node:util";
import { wholeNumber } from "../support/whole-number.ts";

/** What the command line asks for. */
export interface BurstOptions {
  events: number;
  records: number;
  bytesPerRecord: number;
  perSecond: number;
  /** Folder for CPU profiles of the daemons. */
  profileFolder: string | undefined;
}

export const USAGE = `npm run bench:burst -- [options]
  --events N      events that are delivered (20000)
  --records N     records that they are about (2000)
  --bytes N       size of a record's JSON (10000)
  --rate N        deliveries a second (2100)
  --profile DIR   write CPU profiles of the daemons there
DATABASE_URL names the server (its user must be allowed to create databases); not set: the embedded PostgreSQL.
REDIS_URL names an empty Redis; set: the burst is measured with the queue there as well.
`;

/** Reads the command line. Throws TypeError for what it does not know. */
export function readOptions(argv: readonly string[]): BurstOptions {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      events: { type: "string", default: "20000" },
      records: { type: "string", default: "2000" },
      bytes: { type: "string", default: "10000" },
      rate: { type: "string", default: "2100" },
      profile: { type: "string" },
    },
  });
  return {
    events: wholeNumber("events", values.events),
    records: wholeNumber("records", values.records),
    bytesPerRecord: wholeNumber("bytes", values.bytes),
    perSecond: wholeNumber("rate", values.rate),
    profileFolder: values.profile,
  };
}
