import { InvalidArgumentError, type Command } from "commander";
import { ROLES, type Role } from "../roles.ts";
import type { Context } from "./context.ts";

/** Carries out a command's work, once it is known which. */
type Carry = (command: (context: Context) => Promise<number>) => Promise<void>;

/** Adds `start`. */
export function addStartCommand(program: Command, carry: Carry): void {
  program
    .command("start")
    .description(
      "keep the mirror equal to Attio until stopped: webhooks, schedules and everything they cause",
    )
    .option(
      "--role <role...>",
      "all, or which parts this process plays: web, worker, scheduler; any number of processes may play each",
      addRole,
      [],
    )
    .action((options: { role: Role[] }) =>
      carry(async (context) => {
        const roles = options.role.length === 0 ? ROLES : options.role;
        return (await import("./commands/start.ts")).runStart(context, roles);
      }),
    );
}

function addRole(text: string, roles: readonly Role[]): Role[] {
  if (text === "all") return [...ROLES];
  const role = ROLES.find((one) => one === text);
  if (role === undefined) throw new InvalidArgumentError(`It must be one of all, ${ROLES.join(", ")}.`);
  return [...new Set([...roles, role])];
}
