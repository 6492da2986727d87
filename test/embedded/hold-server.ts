import { startEmbeddedPostgres } from "../../src/embedded/postgres.ts";

// A process of its own that holds an embedded server until it is killed; tells its URL on stdout.
const [dataDir] = process.argv.slice(2);
if (dataDir === undefined) throw new Error("usage: hold-server DATA_DIR");
const server = await startEmbeddedPostgres({ dataDir });
process.stdout.write(`${server.url}\n`);
setInterval(() => undefined, 60_000);
