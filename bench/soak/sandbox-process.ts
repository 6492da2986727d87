import { startSandbox } from "../../src/sandbox/index.ts";
import type { SandboxPlace } from "../support/sandbox.ts";
import { Crowd } from "./crowd.ts";
import type { SandboxRequest } from "./messages.ts";

/** Attio's own pace, 25 a second, is below what both sides do here. */
const DELIVERIES_PER_SECOND = 200;

const sandbox = await startSandbox({
  seed: { people: 1_000, companies: 400, deals: 300, seed: 7 },
  webhooks: { perSecond: DELIVERIES_PER_SECOND },
});
const crowd = new Crowd(sandbox);

async function answer(request: SandboxRequest): Promise<object> {
  switch (request.do) {
    case "work":
      crowd.start(request.perSecond);
      return {};
    case "rest":
      crowd.stop();
      await sandbox.webhooks.idle();
      return crowd.worked();
  }
}

process.on("message", (request: SandboxRequest) => {
  void answer(request).then((said) => process.send?.(said));
});
const place: SandboxPlace = { url: sandbox.url, token: sandbox.token };
process.stdout.write(`${JSON.stringify(place)}\n`);
