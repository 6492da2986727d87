import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startEmbeddedPostgres } from "../../src/embedded/postgres.ts";

/** A PostgreSQL server for one test run. */
export interface TestServer {
  /** Where it came from, for the report. */
  kind: "DATABASE_URL" | "container" | "embedded";
  /** Connection URL of a user who may create databases. */
  adminUrl: string;
  stop(): Promise<void>;
}

/** Crash safety of a server that is thrown away is wasted time. */
const THROWAWAY_SETTINGS = {
  fsync: "off",
  synchronous_commit: "off",
  full_page_writes: "off",
  max_connections: "200",
};

/** Finds a server: the one of DATABASE_URL, else a container where an engine can give its image, else the embedded one. */
export async function startTestServer(databaseUrl: string | undefined): Promise<TestServer> {
  if (databaseUrl !== undefined && databaseUrl !== "") {
    return { kind: "DATABASE_URL", adminUrl: databaseUrl, stop: () => Promise.resolve() };
  }
  return (await startContainer()) ?? (await startEmbedded());
}

async function startContainer(): Promise<TestServer | null> {
  // Imported late: loading it takes half a second and most of its users have no engine.
  const { getContainerRuntimeClient } = await import("testcontainers");
  try {
    await getContainerRuntimeClient();
  } catch {
    return null;
  }
  const { PostgreSqlContainer } = await import("@testcontainers/postgresql");
  const flags = Object.entries(THROWAWAY_SETTINGS).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  const image = new PostgreSqlContainer("postgres:18-alpine").withCommand(["postgres", ...flags]);
  const container = await image.start().catch((error: unknown) => {
    // An engine may run and reach no registry.
    console.warn(`PostgreSQL for the tests: no container (${String(error)}), the embedded server instead`);
    return null;
  });
  if (container === null) return null;
  return {
    kind: "container",
    adminUrl: container.getConnectionUri(),
    stop: async () => {
      await container.stop();
    },
  };
}

async function startEmbedded(): Promise<TestServer> {
  const dataDir = await mkdtemp(join(tmpdir(), "attio-mirror-test-"));
  // Run by root, the server is another user and has to enter.
  await chmod(dataDir, 0o711);
  const server = await startEmbeddedPostgres({ dataDir, settings: THROWAWAY_SETTINGS });
  return {
    kind: "embedded",
    adminUrl: server.url,
    stop: async () => {
      await server.close();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
