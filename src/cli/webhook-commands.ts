import { InvalidArgumentError, type Command } from "commander";
import type { Context } from "./context.ts";

/** Carries out a command's work, once it is known which. */
type Carry = (command: (context: Context) => Promise<number>) => Promise<void>;

interface Flags {
  json?: boolean;
}

const load = () => import("./commands/webhooks.ts");

/** Adds `webhooks` and what it can do. */
export function addWebhookCommands(program: Command, carry: Carry): void {
  const webhooks = program.command("webhooks").description("manage this daemon's webhook in Attio");
  webhooks
    .command("list")
    .description("show this daemon's webhooks, here and in Attio")
    .option("--json", "print one JSON document")
    .action((flags: Flags) => carry(async (context) => (await load()).runWebhooksList(context, flags)));
  webhooks
    .command("register")
    .description("make the webhook of PUBLIC_URL, or replace one that is of no use any more")
    .option("--json", "print one JSON document")
    .action((flags: Flags) => carry(async (context) => (await load()).runWebhooksRegister(context, flags)));
  webhooks
    .command("rotate")
    .description("make a new webhook with a new secret; the old one is good until the next backfill is done")
    .option("--now", "end the old one at once, e.g. when its secret has leaked")
    .option("--json", "print one JSON document")
    .action((flags: Flags & { now?: boolean }) =>
      carry(async (context) => (await load()).runWebhooksRotate(context, flags)),
    );
  webhooks
    .command("remove")
    .description("delete this daemon's webhooks in Attio")
    .option("--json", "print one JSON document")
    .action((flags: Flags) => carry(async (context) => (await load()).runWebhooksRemove(context, flags)));
  webhooks
    .command("replay")
    .description("process deliveries again that were received since a time")
    .requiredOption(
      "--since <time>",
      "e.g. 2026-01-31T12:00:00Z, or 90m, 2h, 3d for that long ago",
      timeOrAge,
    )
    .option("--json", "print one JSON document")
    .action((flags: Flags & { since: Date }) =>
      carry(async (context) => (await load()).runWebhooksReplay(context, flags)),
    );
}

const UNIT_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

function timeOrAge(text: string): Date {
  const [, count, unit = ""] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  const isTime = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2}))?$/.test(text);
  const ms =
    count === undefined ? Date.parse(isTime ? text : "") : Date.now() - Number(count) * (UNIT_MS[unit] ?? 0);
  if (!Number.isNaN(ms)) return new Date(ms);
  throw new InvalidArgumentError("It must be a time such as 2026-01-31T12:00:00Z, or an age such as 2h.");
}
