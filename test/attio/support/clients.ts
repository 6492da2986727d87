import { afterEach } from "vitest";
import {
  createAttioClient,
  type AttioClient,
  type AttioClientOptions,
  type Budget,
} from "../../../src/attio/index.ts";
import { startServer, type Answerer, type TestServer } from "./server.ts";

export const TOKEN = "token-that-must-not-leak";

const open: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

/** Rates have tests of their own; elsewhere nobody waits. */
export const OPEN_BUDGET: Budget = { acquire: () => Promise.resolve(), pauseUntil: () => undefined };

export interface Pair {
  server: TestServer;
  client: AttioClient;
  /** Delays of the retries, which take no real time. */
  delays: number[];
}

/** A server and a client of it, both closed after the test. */
export async function pair(answer: Answerer, options: Partial<AttioClientOptions> = {}): Promise<Pair> {
  const server = await startServer(answer);
  const delays: number[] = [];
  const client = createAttioClient({
    token: TOKEN,
    baseUrl: server.url,
    sleep: (ms) => {
      delays.push(ms);
      return Promise.resolve();
    },
    random: () => 0.5,
    budget: OPEN_BUDGET,
    ...options,
  });
  open.push(
    () => server.close(),
    () => client.close(),
  );
  return { server, client, delays };
}

export async function rejection(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error("It did not reject");
}
