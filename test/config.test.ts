import { describe, expect, test } from "vitest";
import { describeVariables, loadConfig, proxyOf, requireToken } from "../src/config.ts";
import { ConfigError } from "../src/errors.ts";

/** The ConfigError that an environment causes. */
function refusal(env: Record<string, string>): ConfigError {
  try {
    loadConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error("the configuration was accepted");
}

test("nothing set gives the documented defaults", () => {
  expect(loadConfig({})).toEqual({
    attioApiKey: null,
    attioBaseUrl: "https://api.attio.com",
    httpsProxy: null,
    noProxy: null,
    databaseUrl: null,
    dataDir: ".attio-mirror",
    deleteMode: "hard",
    outbound: "off",
    conflictPolicy: "latest",
    externalIds: null,
    raw: false,
    history: "status",
    redisUrl: null,
    publicUrl: null,
    hideOwnWrites: false,
    eventRetentionDays: 7,
    host: "127.0.0.1",
    port: 3000,
    backfillCron: "0 * * * *",
    schemaCron: "*/15 * * * *",
    attioReadsPerSecond: 80,
    attioWritesPerSecond: 20,
    logLevel: "info",
  });
});

test("every variable is read", () => {
  const env = {
    ATTIO_API_KEY: "0123abcd",
    ATTIO_BASE_URL: "http://127.0.0.1:4000/",
    HTTPS_PROXY: "http://proxy:3128",
    NO_PROXY: "localhost,.internal",
    DATABASE_URL: "postgresql://mirror@db:5433/crm?sslmode=require",
    DATA_DIR: "/srv/mirror",
    DELETE_MODE: "soft",
    OUTBOUND: "people, list:pipeline, notes",
    CONFLICT_POLICY: "manual",
    EXTERNAL_ID: "deals:mirror_id, projects:key",
    RAW: "on",
    HISTORY: "deals.stage, list:pipeline.status",
    REDIS_URL: "rediss://:pw@cache:6380/2",
    PUBLIC_URL: "https://mirror.example.com/",
    HIDE_OWN_WRITES: "on",
    EVENT_RETENTION_DAYS: "30",
    HOST: "0.0.0.0",
    PORT: "8080",
    BACKFILL_CRON: "15 3 * * *",
    SCHEMA_CRON: "*/5 * * * *",
    ATTIO_READS_PER_SECOND: "50",
    ATTIO_WRITES_PER_SECOND: "5",
    LOG_LEVEL: "debug",
  };
  expect(Object.keys(env)).toEqual(describeVariables().map(({ name }) => name));
  expect(loadConfig(env)).toEqual({
    attioApiKey: "0123abcd",
    attioBaseUrl: "http://127.0.0.1:4000",
    httpsProxy: "http://proxy:3128",
    noProxy: "localhost,.internal",
    databaseUrl: "postgresql://mirror@db:5433/crm?sslmode=require",
    dataDir: "/srv/mirror",
    deleteMode: "soft",
    outbound: ["people", "list:pipeline", "notes"],
    conflictPolicy: "manual",
    externalIds: new Map([
      ["deals", "mirror_id"],
      ["projects", "key"],
    ]),
    raw: true,
    history: "deals.stage, list:pipeline.status",
    redisUrl: "rediss://:pw@cache:6380/2",
    publicUrl: "https://mirror.example.com",
    hideOwnWrites: true,
    eventRetentionDays: 30,
    host: "0.0.0.0",
    port: 8080,
    backfillCron: "15 3 * * *",
    schemaCron: "*/5 * * * *",
    attioReadsPerSecond: 50,
    attioWritesPerSecond: 5,
    logLevel: "debug",
  });
});

test("a variable set to nothing counts as not set", () => {
  const empty = Object.fromEntries(describeVariables().map(({ name }) => [name, ""]));
  expect(loadConfig(empty)).toEqual(loadConfig({}));
});

test("a proxy is read by either name, as other programs do", () => {
  expect(proxyOf(loadConfig({}))).toBeUndefined();
  expect(proxyOf(loadConfig({ HTTPS_PROXY: "http://proxy:3128", NO_PROXY: ".internal" }))).toEqual({
    url: "http://proxy:3128",
    except: ".internal",
  });
  expect(proxyOf(loadConfig({ https_proxy: "http://proxy:3128" }))?.url).toBe("http://proxy:3128");
});

describe("an unusable value is refused by the variable's name, and never repeated:", () => {
  test.each([
    ["ATTIO_API_KEY", "secret with spaces"],
    ["ATTIO_API_KEY", "secret\nwith-newline"],
    ["ATTIO_API_KEY", "sécret"],
    ["ATTIO_BASE_URL", "api.attio.com/secret"],
    ["ATTIO_BASE_URL", "ftp://secret.example"],
    ["ATTIO_BASE_URL", "http://secret.example"],
    ["ATTIO_BASE_URL", "https://user:secret@api.attio.com"],
    ["ATTIO_BASE_URL", "https://api.attio.com/v2?secret"],
    ["HTTPS_PROXY", "socks5://user:secret@proxy"],
    ["HTTPS_PROXY", "http://user:se/cret@proxy"],
    ["DATABASE_URL", "mysql://user:secret@db/crm"],
    ["DATABASE_URL", "user:secret@db"],
    ["DATABASE_URL", "postgres://user:secret@db:port/crm"],
    ["DELETE_MODE", "secret"],
    ["OUTBOUND", "people, secret deals"],
    ["OUTBOUND", "notes,meetings"],
    ["EXTERNAL_ID", "deals"],
    ["CONFLICT_POLICY", "secret"],
    ["RAW", "true secret"],
    ["HISTORY", "secret"],
    ["HISTORY", "status,deals.stage secret"],
    ["HIDE_OWN_WRITES", "secret"],
    ["EVENT_RETENTION_DAYS", "0"],
    ["REDIS_URL", "http://user:secret@cache"],
    ["PUBLIC_URL", "http://secret.example.com"],
    ["PUBLIC_URL", "https://mirror.example.com/secret"],
    ["PORT", "65536"],
    ["BACKFILL_CRON", "hourly secret"],
    ["SCHEMA_CRON", "0 0 30 2 * secret"],
    ["ATTIO_READS_PER_SECOND", "0"],
    ["ATTIO_READS_PER_SECOND", "1.5"],
    ["ATTIO_READS_PER_SECOND", "secret"],
    ["ATTIO_READS_PER_SECOND", "99999999999"],
    ["ATTIO_WRITES_PER_SECOND", "-1"],
    ["LOG_LEVEL", "secret"],
  ])("%s=%j", (name, value) => {
    const error = refusal({ [name]: value });
    expect(error.variable).toBe(name);
    expect(error.message).toMatch(new RegExp(`^${name} [^\n]+$`));
    expect(error.message).not.toMatch(/secret|sécret/);
    expect(error.code).toBe("CONFIG_INVALID");
  });
});

test("a command that needs the token says which variable is missing", () => {
  expect(requireToken(loadConfig({ ATTIO_API_KEY: "abc" }))).toBe("abc");
  expect(() => requireToken(loadConfig({}))).toThrow(/^ATTIO_API_KEY is not set/);
});
