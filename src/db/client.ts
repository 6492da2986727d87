import { Socket } from "node:net";
import { drizzle } from "drizzle-orm/postgres-js";
import type { PostgresJsDatabase } from "drizzle-orm/postgres-js";
import postgres from "postgres";
import { surviveLostTypeQueries } from "./lost-type-query.ts";

export type Sql = postgres.Sql<{ bigint: number }>;
export type Tx = postgres.TransactionSql<{ bigint: number }>;
/** The ORM, for the control tables and everything that is not the mirror's bulk path. */
export type Orm = PostgresJsDatabase;

export interface Database {
  readonly url: string;
  readonly sql: Sql;
  readonly orm: Orm;
  close(): Promise<void>;
}

export interface DatabaseOptions {
  /** Connections in the pool. */
  connections?: number;
  applicationName?: string;
  /** Further settings of each session. */
  parameters?: Record<string, string>;
}

/** Longest pause before a lost connection is opened anew; the driver's own is twenty seconds, in which nothing goes on. */
const LONGEST_BACKOFF_SECONDS = 2;

const INT8_OID = 20;
const JSON_OID = 114;

/**
 * Opens a pool on a PostgreSQL URL and checks that it answers.
 *
 * @throws the driver's error when the server cannot be reached or refuses the login
 */
export async function openDatabase(url: string, options: DatabaseOptions = {}): Promise<Database> {
  const sql = createSql(url, options);
  try {
    await sql`SELECT 1`;
  } catch (error) {
    await sql.end({ timeout: 1 });
    throw error;
  }
  return {
    url,
    sql,
    // The ORM wraps the same pool: it only turns off parsing of timestamps, which nobody here wants.
    orm: drizzle(sql),
    close: () => sql.end({ timeout: 5 }),
  };
}

/** The pool itself; `openDatabase` is the door for everyone but leases, which need one connection alone. */
export function createSql(url: string, options: DatabaseOptions = {}): Sql {
  surviveLostTypeQueries();
  const sql = postgres<{ bigint: postgres.PostgresType<number> }>(url, {
    max: options.connections ?? 6,
    onnotice: () => undefined,
    connect_timeout: 15,
    backoff: (retries) => Math.min(0.01 * 2 ** retries, LONGEST_BACKOFF_SECONDS),
    connection: {
      application_name: options.applicationName ?? "attio-mirror",
      // A generic plan made on a table while it was empty scans it whole for ever after.
      plan_cache_mode: "force_custom_plan",
      jit: "off",
      TimeZone: "UTC",
      ...options.parameters,
    },
    types: {
      bigint: { to: INT8_OID, from: [INT8_OID], serialize: String, parse: Number },
    },
    ...socketWithoutDelay(),
  });
  // A `::json` parameter is given as text; the driver would encode it once more. The ORM wants the same.
  sql.options.serializers[JSON_OID] = (text: string) => text;
  return sql;
}

/** What the driver hands to its `socket` option: its own parsed options. */
interface SocketTarget {
  host: string[];
  port: number[];
  path?: string | false;
}

/**
 * postgres.js leaves Nagle's algorithm on, which costs 40 ms at the end of a COPY or a large statement.
 * The `socket` option is the driver's own, though missing from its types.
 */
function socketWithoutDelay(): object {
  return { socket: openSocket };
}

/**
 * Gives the socket before it is connected. Waited for, it would have no time limit, and one that is refused would take its
 * place in the pool with it: the driver goes on counting it as about to connect.
 */
function openSocket({ host, port, path }: SocketTarget): Socket {
  const [hostname = "localhost"] = host;
  const socket = new Socket();
  socket.setNoDelay(true);
  // The driver reads the server name for TLS off its socket.
  Object.assign(socket, { host: hostname });
  // Later, since it may fail at once, before the driver listens.
  queueMicrotask(() => {
    if (typeof path === "string") socket.connect(path);
    else socket.connect({ host: hostname, port: port[0] ?? 5432 });
  });
  return socket;
}
