import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { MODELS, type Client, type Row, type Session, type Touched } from "../client.ts";

/** A client of another language, and how its program is found and started. */
export interface ExternalKind {
  name: string;
  /** Debian's packages of it, e.g. `python3-django`. */
  packages: readonly string[];
  /** A command that succeeds where they are installed. */
  probe: readonly string[];
  /** The program on a database; it is given the models as JSON. */
  command: (databaseUrl: string, models: string) => readonly string[];
  /** Its own way to read a row by its key and to insert it where it is not there. */
  readAndSave: string;
  spent: Client["spent"];
}

/** A client that is a program of its own. */
export interface ExternalClient extends Client {
  /** Reads the row by its key, and then updates it, or inserts it where it is not there. */
  readAndSave(model: string, row: Row): Promise<void>;
  readonly version: string;
}

/** What a client raised; the name is that of its own error, e.g. `StaleDataError`. */
class ClientFailure extends Error {
  constructor({ type, message }: { type: string; message: string }) {
    super(message);
    this.name = type;
  }
}

interface Answer {
  result?: unknown;
  error?: { type: string; message: string };
}

/** Whether a kind's packages are installed. */
export function isInstalled({ probe: [program = "", ...args] }: ExternalKind): boolean {
  return spawnSync(program, args, { stdio: "ignore" }).status === 0;
}

/** Starts the program of a client on a database. */
export async function startExternalClient(kind: ExternalKind, databaseUrl: string): Promise<ExternalClient> {
  const { ask, stop } = startProgram(kind.command(databaseUrl, JSON.stringify(MODELS)));
  const session = createSession(ask);
  return {
    ...session,
    spent: kind.spent,
    version: await ask<string>("version"),
    readAndSave: async (model, row) => {
      await ask("readAndSave", { model, row });
    },
    transaction: async (work) => {
      await ask("begin");
      try {
        await work(session);
      } catch (error) {
        await ask("rollback");
        throw error;
      }
      await ask("commit");
    },
    close: stop,
  };
}

type Ask = <T>(op: string, fields?: Record<string, unknown>) => Promise<T>;

function createSession(ask: Ask): Session {
  return {
    insert: (model, row) => ask("insert", { model, row }),
    insertMany: async (model, rows) => {
      await ask("insertMany", { model, rows });
    },
    load: async (model, key) => {
      const { row, handle } = await ask<{ row: Row; handle: number }>("load", { model, key });
      return { row, save: async (change) => touched(await ask("save", { handle, change })) };
    },
    upsert: async (model, row) => {
      await ask("upsert", { model, row });
    },
    update: async (model, key, change) => touched(await ask("update", { model, key, change })),
    updateMany: async (model, where, change) => touched(await ask("updateMany", { model, where, change })),
    remove: async (model, key) => touched(await ask("remove", { model, key })),
  };
}

function touched(count: number | null): Touched {
  return count ?? undefined;
}

/** Starts a program that answers a command a line with an answer a line. */
function startProgram([program = "", ...args]: readonly string[]): { ask: Ask; stop: () => Promise<void> } {
  // The programs lie in the source tree, which is no place for compiled ones.
  const env = { ...process.env, PYTHONDONTWRITEBYTECODE: "1" };
  const child = spawn(program, args, { env, stdio: ["pipe", "pipe", "pipe"] });
  let said = "";
  child.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
  const ended = once(child, "close");
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    ask: async <T>(op: string, fields: Record<string, unknown> = {}) => {
      child.stdin.write(`${JSON.stringify({ op, ...fields })}\n`);
      const line = await lines.next();
      if (line.done === true) throw new Error(`${program} ended: ${said}`);
      const { result, error } = JSON.parse(line.value) as Answer;
      if (error !== undefined) throw new ClientFailure(error);
      return result as T;
    },
    stop: async () => {
      child.stdin.end();
      await ended;
    },
  };
}
