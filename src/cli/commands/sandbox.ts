import { UsageError } from "../../errors.ts";
import { startSandbox, type Sandbox } from "../../sandbox/index.ts";
import type { Context } from "../context.ts";
import { EXIT_DONE } from "../failure.ts";
import type { SandboxFlags } from "../run.ts";

/** What a sandbox holds unless told otherwise: enough to look real, small enough to start at once. */
const DEFAULT_SEED = { people: 2000, companies: 500, deals: 800, seed: 1 };

/** `sandbox`: serves a simulated workspace until the process is asked to stop. */
export async function runSandbox({ io }: Context, flags: SandboxFlags): Promise<number> {
  const sandbox = await listen(flags);
  try {
    const { url, token } = sandbox;
    // The shell form can be pasted: the sandbox is then the workspace of every other command.
    const shell = `export ATTIO_BASE_URL=${url}\nexport ATTIO_API_KEY=${token}\n`;
    io.stdout.write(flags.json === true ? `${JSON.stringify({ url, token })}\n` : shell);
    await stopRequested(io.signal);
  } finally {
    await sandbox.close();
  }
  return EXIT_DONE;
}

/** Errors of listening that the user mends with a flag. */
const WRONG_ADDRESS: Readonly<Record<string, (flags: SandboxFlags) => string>> = {
  EADDRINUSE: ({ port }) => `--port ${port} is in use`,
  EACCES: ({ port }) => `--port ${port} may not be used by this user`,
  EADDRNOTAVAIL: ({ host }) => `--host ${host} is no address of this machine`,
  ENOTFOUND: ({ host }) => `--host ${host} is not known`,
};

async function listen(flags: SandboxFlags): Promise<Sandbox> {
  try {
    return await startSandbox({
      host: flags.host,
      port: flags.port,
      seed: {
        people: flags.people ?? DEFAULT_SEED.people,
        companies: flags.companies ?? DEFAULT_SEED.companies,
        deals: flags.deals ?? DEFAULT_SEED.deals,
        seed: flags.seed ?? DEFAULT_SEED.seed,
      },
      ...(flags.token === undefined ? {} : { token: flags.token }),
      ...(flags.rateLimit === undefined ? {} : { rateLimit: flags.rateLimit }),
      ...(flags.latency === undefined ? {} : { latencyMs: flags.latency }),
    });
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
    const mistake = WRONG_ADDRESS[code];
    throw mistake === undefined ? cause : new UsageError(mistake(flags), { cause });
  }
}

function stopRequested(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
