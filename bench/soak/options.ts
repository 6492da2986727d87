import { parseArgs } from "node:util";
import { wholeNumber } from "../support/whole-number.ts";

/** What the command line asks for. */
export interface SoakOptions {
  minutes: number;
  /** Operations a second, of both sides together. */
  ops: number;
  redisUrl: string | undefined;
}

export const USAGE = `npm run bench:soak -- [options]
  --minutes N              how long it is worked (20)
  --ops N                  operations a second: seven tenths in Attio, the others by SQL (50)
  --queue postgres|redis   where the queue lives (postgres)
DATABASE_URL names the server (its user must be allowed to create databases); not set: the embedded PostgreSQL.
REDIS_URL names an empty Redis; needed with --queue redis.
`;

/** Reads the command line. Throws TypeError for what it does not know. */
export function readOptions(argv: readonly string[], redisUrl: string | undefined): SoakOptions {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      minutes: { type: "string", default: "20" },
      ops: { type: "string", default: "50" },
      queue: { type: "string", default: "postgres" },
    },
  });
  if (values.queue !== "postgres" && values.queue !== "redis")
    throw new TypeError("--queue must be postgres or redis");
  if (values.queue === "redis" && (redisUrl ?? "") === "")
    throw new TypeError("--queue redis needs REDIS_URL");
  return {
    minutes: wholeNumber("minutes", values.minutes),
    ops: wholeNumber("ops", values.ops),
    redisUrl: values.queue === "redis" ? redisUrl : undefined,
  };
}
