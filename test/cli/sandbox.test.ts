import { createServer } from "node:net";
import { afterEach, expect, test, vi } from "vitest";
import { StopRequest } from "../../src/cli/io.ts";
import { run } from "../../src/cli/run.ts";
import { createTestIo, runCli, type TestIo } from "../support/cli.ts";

const SMALL = ["--people", "3", "--companies", "2", "--deals", "1"];

let stop = new AbortController();
afterEach(() => {
  stop.abort(new StopRequest("SIGTERM"));
  stop = new AbortController();
});

/** Starts the command and waits until it has printed something. */
async function startSandboxCommand(flags: string[]): Promise<{ io: TestIo; ended: Promise<number> }> {
  const io = createTestIo(stop.signal);
  const ended = run(["sandbox", ...SMALL, ...flags], {}, io);
  await vi.waitFor(() => expect(io.out() + io.err()).not.toBe(""), { timeout: 20_000, interval: 20 });
  return { io, ended };
}

test("it prints URL and token as JSON, serves, and ends with 0 when asked to stop", async () => {
  const { io, ended } = await startSandboxCommand(["--json"]);
  const { url, token } = JSON.parse(io.out()) as { url: string; token: string };
  const answer = await fetch(`${url}/v2/self`, { headers: { Authorization: `Bearer ${token}` } });
  expect(await answer.json()).toMatchObject({ active: true });

  stop.abort(new StopRequest("SIGINT"));
  expect(await ended).toBe(0);
  await expect(fetch(`${url}/v2/self`)).rejects.toThrow();
});

test("without --json it prints lines that a shell can take", async () => {
  const { io } = await startSandboxCommand(["--token", "t0k-of-a-sandbox"]);
  expect(io.out()).toMatch(
    /^export ATTIO_BASE_URL=http:\/\/127\.0\.0\.1:\d+\nexport ATTIO_API_KEY=t0k-of-a-sandbox\n$/,
  );
});

test("a port in use is a mistake that names the flag", async () => {
  const server = createServer();
  const port = await new Promise<number>((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      resolve(typeof address === "object" && address !== null ? address.port : 0);
    });
  });
  const { exitCode, err } = await runCli(["sandbox", ...SMALL, "--port", String(port)]);
  server.close();
  expect({ exitCode, err }).toEqual({ exitCode: 2, err: `attio-mirror: --port ${String(port)} is in use\n` });
});

test("a token that is too short to be told from other text is refused at once", async () => {
  const { exitCode, err } = await runCli(["sandbox", ...SMALL, "--token", "short"]);
  expect([exitCode, err]).toEqual([2, expect.stringContaining("at least 16 printable characters")]);
});
