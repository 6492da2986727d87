import { createServer } from "node:http";
import { connect, type AddressInfo } from "node:net";
import { expect, it, onTestFinished } from "vitest";
import { createAttioClient } from "../../src/attio/index.ts";
import { startSandbox } from "../../src/sandbox/index.ts";

/** A host that no resolver knows: only a proxy leads there. */
const HOST = "attio.invalid";

/** A proxy that leads every tunnel to one port of this machine; gives where to, as it was asked. */
async function startProxy(port: number): Promise<{ url: string; asked: string[] }> {
  const asked: string[] = [];
  const proxy = createServer();
  proxy.on("connect", ({ url = "" }, client) => {
    asked.push(url);
    const target = connect(port, "127.0.0.1", () => {
      client.write("HTTP/1.1 200 Connection Established\r\n\r\n");
      target.pipe(client).pipe(target);
    });
    for (const end of [client, target]) end.on("error", () => undefined);
  });
  await new Promise<void>((resolve) => void proxy.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    proxy.closeAllConnections();
    proxy.close();
  });
  return { url: `http://127.0.0.1:${String((proxy.address() as AddressInfo).port)}`, asked };
}

it("a proxy leads to Attio, but not to the hosts that are excepted, nor to this machine", async () => {
  const sandbox = await startSandbox({ seed: { people: 1, companies: 1, deals: 0, seed: 1 } });
  onTestFinished(() => sandbox.close());
  const port = Number(new URL(sandbox.url).port);
  const proxy = await startProxy(port);
  const settings = { token: sandbox.token, retry: { attempts: 1 }, proxy: { url: proxy.url } };

  const proxied = createAttioClient({ ...settings, baseUrl: `http://${HOST}` });
  onTestFinished(() => proxied.close());
  expect((await proxied.self()).active).toBe(true);
  expect(proxy.asked).toEqual([`${HOST}:80`]);

  const local = createAttioClient({ ...settings, baseUrl: sandbox.url });
  onTestFinished(() => local.close());
  expect((await local.self()).active).toBe(true);
  expect(proxy.asked.length).toBe(1);

  const around = { url: proxy.url, except: HOST };
  const direct = createAttioClient({ ...settings, baseUrl: `http://${HOST}`, proxy: around });
  onTestFinished(() => direct.close());
  await expect(direct.self()).rejects.toThrow();
  expect(proxy.asked.length).toBe(1);
});
