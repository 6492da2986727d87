import { Redis } from "ioredis";
import { expect, it } from "vitest";
import { canStartPrivateRedis } from "../support/redis.ts";
import { Services } from "./services.ts";

// Needs a Redis that may be stopped, which not every machine can start.
it.skipIf(!canStartPrivateRedis())("restarts of Redis at once leave no server behind", async () => {
  const services = await Services.start();
  const url = await services.emptyRedis();
  await Promise.all([services.restartRedis(), services.restartRedis(), services.restartRedis()]);
  await services.close();
  const client = new Redis(url, { lazyConnect: true, retryStrategy: () => null });
  client.on("error", () => undefined);
  await expect(client.connect()).rejects.toThrow();
});
