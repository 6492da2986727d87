import { Cron } from "croner";
import { z } from "zod";
import { ConfigError } from "./errors.ts";

/** How one variable is read: `null` stands for "not set and has no default". */
interface Variable<T> {
  /** Name in the environment. */
  name: string;
  /** One sentence for the reference page and for `--help`. */
  description: string;
  /** Another name that other programs give it. */
  alias?: string;
  /** Text that counts when the variable is not set; null = none. */
  fallback: string | null;
  /** Checks the text and turns it into a value. Its message completes "NAME …" and must not repeat the text. */
  parse: z.ZodType<T, string>;
}

function variable<T>(definition: Variable<T>): Variable<T> {
  return definition;
}

/** Streams that Attio does not let us write as rows: their tables are only read. */
const READ_ONLY_STREAMS = new Set(["off", "members", "meetings", "call_recordings", "files"]);

const LOG_LEVELS = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;

/** Every variable that the program reads, in the order of the reference page. */
const VARIABLES = {
  attioApiKey: variable({
    name: "ATTIO_API_KEY",
    description: "Access token of the Attio workspace. Needed by every command that talks to Attio.",
    fallback: null,
    parse: z.string().regex(/^[\x21-\x7e]+$/, "holds spaces or characters that no access token has"),
  }),
  attioBaseUrl: variable({
    name: "ATTIO_BASE_URL",
    description: "Origin of Attio's API, or of a sandbox.",
    fallback: "https://api.attio.com",
    parse: z
      .string()
      .refine(
        isOrigin,
        "must be an http(s) origin such as https://api.attio.com, without a path or credentials",
      )
      .refine(
        (text) => isEncryptedOrLocal(text),
        "must be https, since the access token goes there; http is for a sandbox on 127.0.0.1 or localhost",
      )
      .transform((text) => new URL(text).origin),
  }),
  httpsProxy: variable({
    name: "HTTPS_PROXY",
    alias: "https_proxy",
    description: "HTTP proxy through which Attio is reached, as `http://user:password@host:port`.",
    fallback: null,
    parse: z
      .string()
      .refine(
        isProxyUrl,
        "must look like http://host:3128, with / ? # @ of a password written as %2F %3F %23 %40",
      ),
  }),
  noProxy: variable({
    name: "NO_PROXY",
    alias: "no_proxy",
    description:
      "Hosts that are reached without `HTTPS_PROXY`, as a comma list such as `localhost,.internal`.",
    fallback: null,
    parse: z.string(),
  }),
  databaseUrl: variable({
    name: "DATABASE_URL",
    description:
      "PostgreSQL 14 to 18 that holds the mirror, as `postgres://user:password@host:port/database`. " +
      "Not set: a real PostgreSQL that the program runs itself under `DATA_DIR`.",
    fallback: null,
    parse: z
      .string()
      .refine(
        isPostgresUrl,
        "must look like postgres://user:password@host:5432/database, with / ? # @ in it written as %2F %3F %23 %40",
      ),
  }),
  dataDir: variable({
    name: "DATA_DIR",
    description: "Folder in which the embedded PostgreSQL keeps its data.",
    fallback: ".attio-mirror",
    parse: z.string(),
  }),
  deleteMode: variable({
    name: "DELETE_MODE",
    description:
      "What becomes of a row that Attio deleted: `hard` removes it, `soft` keeps it with `_deleted_at`.",
    fallback: "hard",
    parse: oneOf(["hard", "soft"]),
  }),
  outbound: variable({
    name: "OUTBOUND",
    description:
      "Which tables take local writes, which then go to Attio: `off`, `*` for those of all objects and lists, `notes`, `tasks` and `comments`, or a " +
      "comma list of streams such as `people,list:pipeline,notes`. On any other table a local write is refused.",
    fallback: "off",
    parse: z.string().transform((text, context): "off" | "*" | readonly string[] => {
      if (text === "off" || text === "*") return text;
      const names = text.split(",").map((name) => name.trim());
      if (names.some((name) => !/^(list:)?[^\s*:,]+$/.test(name) || READ_ONLY_STREAMS.has(name)))
        context.addIssue(
          "must be off, *, or a comma list of streams that can be written, such as people,list:pipeline,notes",
        );
      return names;
    }),
  }),
  conflictPolicy: variable({
    name: "CONFLICT_POLICY",
    description:
      "Whose value stands where both sides changed one: `attio`, `local`, `latest` (the younger one), or `manual`, which parks the " +
      "change until `changes retry` (ours) or `changes discard` (Attio's).",
    fallback: "latest",
    parse: oneOf(["attio", "local", "latest", "manual"]),
  }),
  externalIds: variable({
    name: "EXTERNAL_ID",
    description:
      "Unique text attributes, such as `deals:mirror_id`, that receive the id of a row that was inserted here without a unique value. " +
      "By it the record is found again should the answer to its creation get lost.",
    fallback: null,
    parse: z.string().transform((text, context): ReadonlyMap<string, string> => {
      const pairs = text.split(",").map((pair) => pair.trim().split(":"));
      if (pairs.some((pair) => pair.length !== 2 || pair.some((slug) => !/^[^\s*:,]+$/.test(slug))))
        context.addIssue("must be a comma list of object:attribute such as deals:mirror_id");
      return new Map(pairs.map(([object = "", attribute = ""]) => [object, attribute]));
    }),
  }),
  raw: variable({
    name: "RAW",
    description:
      "`on` also keeps Attio's whole JSON of every record in `attio.raw`; it makes a backfill several times slower.",
    fallback: "off",
    parse: oneOf(["on", "off"]).transform((text) => text === "on"),
  }),
  history: variable({
    name: "HISTORY",
    description:
      "Attributes whose values from before the mirror are read as well, each record's at the cost of a request: `status` for every " +
      "status attribute, or a comma list such as `deals.stage,list:pipeline.status`; `off` for none.",
    fallback: "status",
    parse: z
      .string()
      .refine(
        isHistoryChoice,
        "must be status, off, or a comma list of stream.attribute such as deals.stage",
      ),
  }),
  redisUrl: variable({
    name: "REDIS_URL",
    description:
      "Redis 7 or later, or Valkey, for the job queue, as `redis://host:port`. Not set: the queue lives in the mirror's " +
      "database, schema `attio_queue`.",
    fallback: null,
    parse: z
      .string()
      .refine(
        isRedisUrl,
        "must look like redis://user:password@host:6379 (or rediss://), with / ? # @ in it written as %2F %3F %23 %40",
      ),
  }),
  publicUrl: variable({
    name: "PUBLIC_URL",
    description:
      "Origin at which Attio reaches this daemon, as `https://mirror.example.com`. Not set: no webhook is registered, and " +
      "only the scheduled backfill brings changes.",
    fallback: null,
    parse: z
      .string()
      .refine(isPublicOrigin, "must be an https origin without a path, or http on a loopback address")
      .transform((text) => new URL(text).origin),
  }),
  hideOwnWrites: variable({
    name: "HIDE_OWN_WRITES",
    description:
      "`on` has Attio send no webhooks for changes that this token makes. What Attio changes along with them is then seen by " +
      "the scheduled backfill.",
    fallback: "off",
    parse: oneOf(["on", "off"]).transform((text) => text === "on"),
  }),
  eventRetentionDays: variable({
    name: "EVENT_RETENTION_DAYS",
    description: "How many days processed deliveries are kept, so that they can be replayed.",
    fallback: "7",
    parse: wholeNumber(1, 3650),
  }),
  host: variable({
    name: "HOST",
    description: "Address that the daemon's HTTP server listens on.",
    fallback: "127.0.0.1",
    parse: z.string(),
  }),
  port: variable({
    name: "PORT",
    description: "Port that the daemon's HTTP server listens on; 0 = any free one.",
    fallback: "3000",
    parse: wholeNumber(0, 65_535),
  }),
  backfillCron: variable({
    name: "BACKFILL_CRON",
    description: "When every stream is read in full again, as a cron expression in UTC.",
    fallback: "0 * * * *",
    parse: z.string().refine(isCron, "must be a cron expression such as 0 * * * *"),
  }),
  schemaCron: variable({
    name: "SCHEMA_CRON",
    description:
      "When Attio's objects, lists and attributes are looked at again, as a cron expression in UTC.",
    fallback: "*/15 * * * *",
    parse: z.string().refine(isCron, "must be a cron expression such as */15 * * * *"),
  }),
  attioReadsPerSecond: variable({
    name: "ATTIO_READS_PER_SECOND",
    description: "Most read requests a second. Attio allows 100 for a workspace, shared by all its apps.",
    fallback: "80",
    parse: wholeNumber(1, 1000),
  }),
  attioWritesPerSecond: variable({
    name: "ATTIO_WRITES_PER_SECOND",
    description: "Most write requests a second. Attio allows 25 for a workspace, shared by all its apps.",
    fallback: "20",
    parse: wholeNumber(1, 1000),
  }),
  logLevel: variable({
    name: "LOG_LEVEL",
    description:
      `Least severe level that is logged to stderr: ${LOG_LEVELS.map((level) => `\`${level}\``).join(", ")}. ` +
      "On a terminal `info` is left out, so as not to disturb the progress bars.",
    fallback: "info",
    parse: oneOf(LOG_LEVELS),
  }),
};

type Variables = typeof VARIABLES;
type ValueOf<V> = V extends Variable<infer T> ? T : never;
/** The variables without a default. */
type Optional =
  "attioApiKey" | "httpsProxy" | "noProxy" | "databaseUrl" | "redisUrl" | "publicUrl" | "externalIds";

/** The configuration of one run, checked. */
export type Config = {
  readonly [K in keyof Variables]: K extends Optional ? ValueOf<Variables[K]> | null : ValueOf<Variables[K]>;
};

/**
 * Reads and checks the configuration. A variable set to nothing counts as not set.
 *
 * @throws ConfigError naming the first unusable variable, without its value.
 */
export function loadConfig(env: Readonly<Record<string, string | undefined>>): Config {
  return {
    attioApiKey: readOptional(VARIABLES.attioApiKey, env),
    attioBaseUrl: read(VARIABLES.attioBaseUrl, env),
    httpsProxy: readOptional(VARIABLES.httpsProxy, env),
    noProxy: readOptional(VARIABLES.noProxy, env),
    databaseUrl: readOptional(VARIABLES.databaseUrl, env),
    dataDir: read(VARIABLES.dataDir, env),
    deleteMode: read(VARIABLES.deleteMode, env),
    outbound: read(VARIABLES.outbound, env),
    conflictPolicy: read(VARIABLES.conflictPolicy, env),
    externalIds: readOptional(VARIABLES.externalIds, env),
    raw: read(VARIABLES.raw, env),
    history: read(VARIABLES.history, env),
    redisUrl: readOptional(VARIABLES.redisUrl, env),
    publicUrl: readOptional(VARIABLES.publicUrl, env),
    hideOwnWrites: read(VARIABLES.hideOwnWrites, env),
    eventRetentionDays: read(VARIABLES.eventRetentionDays, env),
    host: read(VARIABLES.host, env),
    port: read(VARIABLES.port, env),
    backfillCron: read(VARIABLES.backfillCron, env),
    schemaCron: read(VARIABLES.schemaCron, env),
    attioReadsPerSecond: read(VARIABLES.attioReadsPerSecond, env),
    attioWritesPerSecond: read(VARIABLES.attioWritesPerSecond, env),
    logLevel: read(VARIABLES.logLevel, env),
  };
}

/** The proxy that leads to Attio; undefined for none. */
export function proxyOf({
  httpsProxy,
  noProxy,
}: Config): { url: string; except: string | undefined } | undefined {
  return httpsProxy === null ? undefined : { url: httpsProxy, except: noProxy ?? undefined };
}

/** What everything that syncs is told of the configuration. */
export function syncSettings({
  raw,
  deleteMode,
  outbound,
}: Config): Pick<Config, "raw" | "deleteMode" | "outbound"> {
  return { raw, deleteMode, outbound };
}

/** @throws ConfigError when no access token is configured. */
export function requireToken(config: Config): string {
  if (config.attioApiKey !== null) return config.attioApiKey;
  throw new ConfigError(
    VARIABLES.attioApiKey.name,
    "is not set; make an access token in Attio under Workspace settings, Developers",
  );
}

/** @throws ConfigError when it is not said where Attio reaches us. */
export function requirePublicUrl(config: Config): string {
  if (config.publicUrl !== null) return config.publicUrl;
  throw new ConfigError(
    VARIABLES.publicUrl.name,
    "is not set; it is the origin at which Attio can reach this daemon, such as https://mirror.example.com",
  );
}

/** The variables for the reference page. */
export function describeVariables(): { name: string; description: string; fallback: string | null }[] {
  return Object.values(VARIABLES).map(({ name, description, fallback }) => ({ name, description, fallback }));
}

type Environment = Readonly<Record<string, string | undefined>>;

function readOptional<T>(from: Variable<T>, env: Environment): T | null {
  const text = env[from.name] ?? (from.alias === undefined ? undefined : env[from.alias]);
  return text === undefined || text === "" ? null : check(from, text);
}

function read<T>(from: Variable<T>, env: Environment): T {
  return readOptional(from, env) ?? check(from, from.fallback ?? "");
}

function check<T>(against: Variable<T>, text: string): T {
  const result = against.parse.safeParse(text);
  if (result.success) return result.data;
  throw new ConfigError(against.name, result.error.issues[0]?.message ?? "is not usable");
}

function oneOf<const T extends readonly string[]>(values: T) {
  return z.string().pipe(z.enum(values, `must be one of ${values.join(", ")}`));
}

function wholeNumber(min: number, max: number) {
  const message = `must be a whole number from ${String(min)} to ${String(max)}`;
  return z
    .string()
    .regex(/^\d{1,9}$/, message)
    .transform(Number)
    .pipe(z.number().min(min, message).max(max, message));
}

function isOrigin(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : null;
  return (
    url !== null &&
    (url.protocol === "https:" || url.protocol === "http:") &&
    url.username === "" &&
    url.password === "" &&
    url.pathname === "/" &&
    url.search === "" &&
    url.hash === ""
  );
}

function isPostgresUrl(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : null;
  return (
    url !== null && (url.protocol === "postgres:" || url.protocol === "postgresql:") && isWholePassword(url)
  );
}

/** Of a password that holds `/`, `?` or `#` as they are, the beginning would be taken for a port, and be printed as such. */
function isWholePassword({ pathname, search, hash }: URL): boolean {
  return hash === "" && !pathname.includes("@") && !search.includes("@");
}

function isProxyUrl(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : null;
  return url !== null && /^https?:$/.test(url.protocol) && url.hostname !== "" && isWholePassword(url);
}

function isRedisUrl(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : null;
  return (
    url !== null &&
    (url.protocol === "redis:" || url.protocol === "rediss:") &&
    url.hostname !== "" &&
    isWholePassword(url)
  );
}

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/** Attio sends webhooks to https only; plain http serves a sandbox on the same machine. */
function isPublicOrigin(text: string): boolean {
  return isOrigin(text) && isEncryptedOrLocal(text);
}

function isEncryptedOrLocal(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : null;
  return url !== null && (url.protocol === "https:" || LOOPBACK.test(url.hostname));
}

function isHistoryChoice(text: string): boolean {
  if (text === "off") return true;
  return text.split(",").every((name) => name.trim() === "status" || /^[^\s.]+\.[^\s.]+$/.test(name.trim()));
}

/** Whether a cron expression can be read and names a time that will come. */
function isCron(text: string): boolean {
  try {
    return new Cron(text, { paused: true, timezone: "UTC" }).nextRun() !== null;
  } catch {
    return false;
  }
}
