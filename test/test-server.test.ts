import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, it, onTestFinished, vi } from "vitest";
import { startTestServer } from "./support/server.ts";

it("an engine that answers and gives no image is passed over: the embedded server takes its place", async () => {
  const asked: string[] = [];
  const engine = createServer((request, response) => {
    asked.push(`${request.method ?? ""} ${request.url ?? ""}`);
    const isPull = request.method === "POST";
    response.writeHead(isPull || /\/(?:json|images)/.test(request.url ?? "") ? 500 : 200, {
      "content-type": "application/json",
    });
    response.end(
      isPull ? '{"message":"no registry can be reached"}' : '{"OperatingSystem":"","Version":"28"}',
    );
  });
  await new Promise<void>((resolve) => void engine.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void engine.close());
  const { port } = engine.address() as AddressInfo;
  vi.stubEnv("DOCKER_HOST", `tcp://127.0.0.1:${String(port)}`);
  onTestFinished(() => void vi.unstubAllEnvs());
  const server = await startTestServer(undefined);
  onTestFinished(() => server.stop());
  expect(asked.length).toBeGreaterThan(0);
  expect(server.kind).toBe("embedded");
});
