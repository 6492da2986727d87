import { parseArgs } from "node:util";
import { wholeNumber } from "../support/whole-number.ts";

/** What the command line asks for. */
export interface WorkersOptions {
  objects: number;
  /** Of each object. */
  records: number;
  bytesPerRecord: number;
  /** How long Attio's answers take. */
  answerMs: number;
  rounds: number;
}

export const USAGE = `npm run bench:workers -- [options]
  --objects N     objects of the workspace (8)
  --records N     records of each (3000)
  --bytes N       size of a record's JSON (1000)
  --answer N      milliseconds that each answer is held back (150)
  --rounds N      how often each is measured (3)
DATABASE_URL names the server (its user must be allowed to create databases); not set: the embedded PostgreSQL.
`;

/** Reads the command line. Throws TypeError for what it does not know. */
export function readOptions(argv: readonly string[]): WorkersOptions {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      objects: { type: "string", default: "8" },
      records: { type: "string", default: "3000" },
      bytes: { type: "string", default: "1000" },
      answer: { type: "string", default: "150" },
      rounds: { type: "string", default: "3" },
    },
  });
  return {
    objects: wholeNumber("objects", values.objects),
    records: wholeNumber("records", values.records),
    bytesPerRecord: wholeNumber("bytes", values.bytes),
    answerMs: wholeNumber("answer", values.answer),
    rounds: wholeNumber("rounds", values.rounds),
  };
}
