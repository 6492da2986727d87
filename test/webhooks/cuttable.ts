import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { later } from "./support.ts";

/** A way to a database that can be cut. */
export interface CuttableWay {
  /** The database's URL by this way. */
  url: string;
  /** `refused`: nobody answers. `silent`: connections stand, and nothing passes. */
  cut(how: "refused" | "silent"): Promise<void>;
  mend(): Promise<void>;
}

/** Puts a relay before a PostgreSQL server. It ends with the test. */
export async function cuttableWay(databaseUrl: string): Promise<CuttableWay> {
  const real = new URL(databaseUrl);
  const sockets = new Set<Socket>();
  let isSilent = false;
  const server = createServer((near) => {
    const far = connect({ host: real.hostname, port: Number(real.port || 5432) });
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.on("data", (data) => {
        if (!isSilent) to.write(data);
      });
      from.on("error", () => undefined);
      from.on("close", () => {
        sockets.delete(from);
        to.destroy();
      });
    }
  });
  const listen = (port: number) =>
    new Promise<void>((resolve) => server.listen(port, "127.0.0.1", () => resolve()));
  await listen(0);
  const { port } = server.address() as AddressInfo;
  const stop = async () => {
    for (const socket of sockets) socket.destroy();
    if (server.listening) await new Promise((resolve) => server.close(resolve));
  };
  later(stop);
  const url = new URL(databaseUrl);
  url.host = `127.0.0.1:${port}`;
  return {
    url: url.href,
    async cut(how) {
      if (how === "silent") isSilent = true;
      else await stop();
    },
    async mend() {
      isSilent = false;
      if (!server.listening) await listen(port);
    },
  };
}
