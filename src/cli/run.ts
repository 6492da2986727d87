import { Command, CommanderError, InvalidArgumentError } from "commander";
import { createLogger } from "../logger.ts";
import { createContext, type Context } from "./context.ts";
import { describeFailure, EXIT_DONE, EXIT_USAGE } from "./failure.ts";
import type { Environment, Io } from "./io.ts";
import { addStartCommand } from "./start-command.ts";
import { readVersion } from "./version.ts";
import { addChangesCommands } from "./changes-commands.ts";
import { addWebhookCommands } from "./webhook-commands.ts";

/**
 * Runs one command line and says how the process should exit: 0 done, 1 failed, 2 wrong usage or configuration, 130 or 143
 * stopped by a signal. Never throws and never exits by itself.
 *
 * @param argv the arguments after the program's name.
 */
export async function run(argv: readonly string[], env: Environment, io: Io): Promise<number> {
  let exitCode = EXIT_DONE;
  const program = buildProgram(io, async (command) => {
    exitCode = await command(createContext(env, io));
  });
  try {
    await program.parseAsync(argv, { from: "user" });
    return exitCode;
  } catch (error) {
    return report(error, env, io);
  }
}

/** Carries out a command's work, once it is known which. */
type Carry = (command: (context: Context) => Promise<number>) => Promise<void>;

/** The command line's grammar. Modules of a command are loaded when it runs, so that `--help` is instant. */
export function buildProgram(io: Io, carry: Carry): Command {
  const program = new Command("attio-mirror")
    .description("Keeps a Postgres database the same as an Attio CRM workspace.")
    .version(readVersion(), "--version", "print the version")
    .helpOption("-h, --help", "print this help")
    .helpCommand(false)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void io.stdout.write(text),
      writeErr: (text) => void io.stderr.write(text),
      // Commander's own messages may put a suggestion on a second line.
      outputError: (text, write) =>
        write(
          `attio-mirror: ${text
            .trim()
            .replace(/^error: /, "")
            .replace(/\n/g, " ")}\n`,
        ),
    });
  addStartCommand(program, carry);
  addMirrorCommands(program, carry);
  addWebhookCommands(program, carry);
  addChangesCommands(program, carry);
  addAdoptCommand(program, carry);
  addSandboxCommands(program, carry);
  return program;
}

function addMirrorCommands(program: Command, carry: Carry): void {
  program
    .command("migrate")
    .description("bring the database's control schema up to this version")
    .action(() => carry(async (context) => (await import("./commands/migrate.ts")).runMigrate(context)));
  program
    .command("backfill")
    .description(
      "copy whole streams from Attio into the database; a run that was stopped goes on where it was",
    )
    .argument("[stream...]", "object slugs, list:<slug>, notes, tasks, meetings, …; none = all")
    .option("--allow-deletes", "let this run delete more rows than the safety limit allows")
    .option("--json", "print one JSON line a stream")
    .action((streams: string[], options: { allowDeletes?: boolean; json?: boolean }) =>
      carry(async (context) =>
        (await import("./commands/backfill.ts")).runBackfill(context, streams, options),
      ),
    );
  program
    .command("verify")
    .description(
      "compare Attio with the database, value by value, and print what differs; exit code 1 if any",
    )
    .argument("[stream...]", "object slugs, list:<slug>, notes, tasks, meetings, …; none = all")
    .option("--repair", "fetch what differs again and write it")
    .option("--json", "print one JSON line a stream")
    .action((streams: string[], options: { repair?: boolean; json?: boolean }) =>
      carry(async (context) => (await import("./commands/verify.ts")).runVerify(context, streams, options)),
    );
  program
    .command("status")
    .description(
      "show the streams with their row counts, last backfill, local changes that are not in Attio, and state",
    )
    .option("--json", "print one JSON document")
    .action((options: { json?: boolean }) =>
      carry(async (context) => (await import("./commands/status.ts")).runStatus(context, options)),
    );
}

function addAdoptCommand(program: Command, carry: Carry): void {
  program
    .command("adopt")
    .description(
      "accept that the database is a restore or a copy of the one that the mirror began in; local changes that wait are parked",
    )
    .option("--workspace", "accept too that the token opens another workspace than before")
    .option("--json", "print one JSON document")
    .action((options: { workspace?: boolean; json?: boolean }) =>
      carry(async (context) => (await import("./commands/adopt.ts")).runAdopt(context, options)),
    );
}

function addSandboxCommands(program: Command, carry: Carry): void {
  program
    .command("sandbox")
    .description("run a simulated Attio workspace until it is stopped; prints its URL and access token")
    .option("--host <address>", "address to listen on", "127.0.0.1")
    .option("--port <port>", "port to listen on; 0 = any free one", wholeNumber(0, 65_535), 0)
    .option("--token <token>", "access token to accept; none = a random one", accessToken)
    .option("--people <count>", "people in the workspace", wholeNumber(0, 1_000_000))
    .option("--companies <count>", "companies in the workspace", wholeNumber(0, 1_000_000))
    .option("--deals <count>", "deals in the workspace", wholeNumber(0, 1_000_000))
    .option("--seed <number>", "the same number gives the same workspace", wholeNumber(0, 4_294_967_295))
    .option("--rate-limit <reads,writes>", "requests a second before it answers 429, e.g. 100,25", rateLimit)
    .option("--latency <ms>", "milliseconds that every answer takes", wholeNumber(0, 60_000))
    .option("--json", "print URL and token as JSON")
    .action((options: SandboxFlags) =>
      carry(async (context) => (await import("./commands/sandbox.ts")).runSandbox(context, options)),
    );
  program
    .command("demo")
    .description("a guided tour: a simulated workspace, mirrored into Postgres and queried with SQL")
    .action(() => carry(async (context) => (await import("./commands/demo.ts")).runDemo(context)));
}

/** The flags of `sandbox`, as parsed. */
export interface SandboxFlags {
  host: string;
  port: number;
  token?: string;
  people?: number;
  companies?: number;
  deals?: number;
  seed?: number;
  rateLimit?: { readsPerSecond: number; writesPerSecond: number };
  latency?: number;
  json?: boolean;
}

function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`);
  };
}

/** A shorter one would stand in other texts by chance, and be blanked out there. */
function accessToken(text: string): string {
  if (/^[\x21-\x7e]{16,}$/.test(text)) return text;
  throw new InvalidArgumentError("It must be at least 16 printable characters without spaces.");
}

function rateLimit(text: string): { readsPerSecond: number; writesPerSecond: number } {
  const [, reads, writes] = /^(\d{1,6}),(\d{1,6})$/.exec(text) ?? [];
  const limit = { readsPerSecond: Number(reads), writesPerSecond: Number(writes) };
  if (limit.readsPerSecond > 0 && limit.writesPerSecond > 0) return limit;
  throw new InvalidArgumentError("It must be two positive numbers such as 100,25.");
}

function report(error: unknown, env: Environment, io: Io): number {
  if (error instanceof CommanderError) {
    // Help and version come by this way too; commander has printed already.
    return error.exitCode === 0 ? EXIT_DONE : EXIT_USAGE;
  }
  const failure = describeFailure(io.signal.aborted ? io.signal.reason : error);
  const hint = failure.isUnexpected ? " (LOG_LEVEL=debug shows where)" : "";
  const isDebug = env["LOG_LEVEL"] === "debug" || env["LOG_LEVEL"] === "trace";
  if (isDebug)
    createLogger("debug", { write: (line) => void io.stderr.write(line) }).debug({ err: error }, "failed");
  io.stderr.write(`attio-mirror: ${failure.line}${isDebug ? "" : hint}\n`);
  return failure.exitCode;
}
