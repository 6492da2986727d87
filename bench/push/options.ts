import { parseArgs } from "node:util";
import { wholeNumber } from "../support/whole-number.ts";

/** What the command line asks for. */
export interface PushOptions {
  /** Single edits, each of another row. */
  edits: number;
  /** Rows that one statement changes. */
  rows: number;
  /** Single edits, a second apart, of other rows while those are pushed. */
  amid: number;
  /** Rows of each of two statements that are pushed at the same time. */
  shared: number;
  /** Edits of one row, each made once the one before has arrived. */
  inTurn: number;
  /** Edits of one row, a tenth of a second apart. */
  steady: number;
  /** Updates of one row, one after the other. */
  updates: number;
  bytesPerRecord: number;
  /** The write budget; Attio allows 25. */
  writesPerSecond: number;
  /** How long Attio's answers take while many rows are pushed; 0: as long as the sandbox needs. */
  answerMs: number;
  /** Folder for CPU profiles of the daemons. */
  profileFolder: string | undefined;
}

export const USAGE = `npm run bench:push -- [options]
  --edits N       single edits while nothing else is done (200)
  --rows N        rows that one statement changes (5000)
  --amid N        single edits, a second apart, of other rows while those are pushed (100)
  --shared N      rows of each of two statements that are pushed at the same time (250)
  --in-turn N     edits of one row, each made once the one before has arrived (10)
  --steady N      edits of one row, a tenth of a second apart (100)
  --updates N     updates of one row, as fast as one client can (1000)
  --bytes N       size of a record's JSON (10000)
  --writes N      writes a second that the daemon may use (25: all that Attio allows)
  --answer N      milliseconds that each answer is held back while many rows are pushed (not at all)
  --profile DIR   write CPU profiles of the daemons there
DATABASE_URL names the server (its user must be allowed to create databases); not set: the embedded PostgreSQL.
REDIS_URL names an empty Redis; set: everything is measured with the queue there as well.
`;

/** Reads the command line. Throws TypeError for what it does not know. */
export function readOptions(argv: readonly string[]): PushOptions {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      edits: { type: "string", default: "200" },
      rows: { type: "string", default: "5000" },
      amid: { type: "string", default: "100" },
      shared: { type: "string", default: "250" },
      "in-turn": { type: "string", default: "10" },
      steady: { type: "string", default: "100" },
      updates: { type: "string", default: "1000" },
      bytes: { type: "string", default: "10000" },
      writes: { type: "string", default: "25" },
      answer: { type: "string" },
      profile: { type: "string" },
    },
  });
  return {
    edits: wholeNumber("edits", values.edits),
    rows: wholeNumber("rows", values.rows),
    amid: wholeNumber("amid", values.amid),
    shared: wholeNumber("shared", values.shared),
    inTurn: wholeNumber("in-turn", values["in-turn"]),
    steady: wholeNumber("steady", values.steady),
    updates: wholeNumber("updates", values.updates),
    bytesPerRecord: wholeNumber("bytes", values.bytes),
    writesPerSecond: wholeNumber("writes", values.writes),
    answerMs: values.answer === undefined ? 0 : wholeNumber("answer", values.answer),
    profileFolder: values.profile,
  };
}
