import { InvalidArgumentError, type Command } from "commander";
import type { Context } from "./context.ts";

/** Carries out a command's work, once it is known which. */
type Carry = (command: (context: Context) => Promise<number>) => Promise<void>;

interface Flags {
  json?: boolean;
}

const load = () => import("./commands/changes.ts");

/** Adds `changes` and what it can do. */
export function addChangesCommands(program: Command, carry: Carry): void {
  const changes = program.command("changes").description("local changes on their way to Attio");
  changes
    .command("list")
    .description("show changes that wait, failed or are in conflict")
    .option("--all", "also those that are done with, the last thousand")
    .option("--json", "print one JSON document")
    .action((flags: Flags & { all?: boolean }) =>
      carry(async (context) => (await load()).runChangesList(context, flags)),
    );
  changes
    .command("retry")
    .description("push changes again that failed, or keep ours where both sides changed; without ids: all")
    .argument("[id...]", "ids, as `changes list` shows them", idOf)
    .option("--allow-bulk", "also those that were held because they were so many")
    .option("--json", "print one JSON document")
    .action((ids: number[] | undefined, flags: Flags & { allowBulk?: boolean }) =>
      carry(async (context) => (await load()).runChangesRetry(context, ids ?? [], flags)),
    );
  changes
    .command("discard")
    .description("give changes up: Attio's value comes back")
    .argument("<id...>", "ids, as `changes list` shows them", idOf)
    .option("--json", "print one JSON document")
    .action((ids: number[], flags: Flags) =>
      carry(async (context) => (await load()).runChangesDiscard(context, ids, flags)),
    );
}

function idOf(text: string, before: number[] | undefined): number[] {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError("It must be a number.");
  return [...(before ?? []), Number(text)];
}
