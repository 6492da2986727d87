import { describe, expect, test } from "vitest";
import { runCli } from "../support/cli.ts";

const COMMANDS = ["migrate", "backfill", "status", "adopt", "sandbox", "demo"];

describe("help and version", () => {
  test("--help lists every command and exits 0", async () => {
    const { exitCode, out, err } = await runCli(["--help"]);
    expect(exitCode).toBe(0);
    expect(err).toBe("");
    for (const command of COMMANDS) expect(out).toContain(`\n  ${command}`);
  });

  test.each(COMMANDS)("%s --help explains itself and exits 0, without any configuration", async (command) => {
    const { exitCode, out } = await runCli([command, "--help"]);
    expect(exitCode).toBe(0);
    expect(out).toContain(`Usage: attio-mirror ${command}`);
  });

  test("--version prints the package's version", async () => {
    const { exitCode, out } = await runCli(["--version"]);
    expect({ exitCode, out }).toEqual({
      exitCode: 0,
      out: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) as string,
    });
  });

  test("no command at all is wrong usage and shows the help on stderr", async () => {
    const { exitCode, out, err } = await runCli([]);
    expect(exitCode).toBe(2);
    expect(out).toBe("");
    expect(err).toContain("Usage: attio-mirror");
  });
});

describe("a mistake is one line on stderr that names it, and exit code 2:", () => {
  test.each<{ argv: string[]; env?: Record<string, string>; names: string }>([
    { argv: ["frobnicate"], names: "frobnicate" },
    { argv: ["backfil"], names: "backfill" },
    { argv: ["status", "--jsn"], names: "--jsn" },
    { argv: ["migrate", "now"], names: "migrate" },
    { argv: ["sandbox", "--port", "http"], names: "--port" },
    { argv: ["sandbox", "--port", "70000"], names: "--port" },
    { argv: ["sandbox", "--people", "-1"], names: "--people" },
    { argv: ["sandbox", "--rate-limit", "100"], names: "--rate-limit" },
    { argv: ["sandbox", "--rate-limit", "0,5"], names: "--rate-limit" },
    { argv: ["sandbox", "--seed"], names: "--seed" },
    { argv: ["backfill"], names: "ATTIO_API_KEY" },
    { argv: ["adopt"], names: "ATTIO_API_KEY" },
    { argv: ["adopt", "people"], names: "adopt" },
    { argv: ["backfill"], env: { ATTIO_API_KEY: "a b" }, names: "ATTIO_API_KEY" },
    { argv: ["status"], env: { DATABASE_URL: "mysql://x" }, names: "DATABASE_URL" },
    { argv: ["status"], env: { LOG_LEVEL: "loud" }, names: "LOG_LEVEL" },
    { argv: ["migrate"], env: { RAW: "yes" }, names: "RAW" },
  ])("$argv $env", async ({ argv, env, names }) => {
    const { exitCode, out, err } = await runCli(argv, env);
    expect({ exitCode, out }).toEqual({ exitCode: 2, out: "" });
    expect(err).toMatch(/^attio-mirror: [^\n]+\n$/);
    expect(err).toContain(names);
  });
});

describe("DATABASE_URL", () => {
  test("that nobody answers at fails with one line that names host and port, not the password", async () => {
    const { exitCode, err } = await runCli(["status"], {
      DATABASE_URL: "postgres://me:hush@127.0.0.1:1/crm",
    });
    expect(exitCode).toBe(1);
    expect(err).toMatch(/^attio-mirror: [^\n]*127\.0\.0\.1:1 [^\n]*ECONNREFUSED[^\n]*\n$/);
    expect(err).not.toContain("hush");
  });
});
