import { setTimeout as delay } from "node:timers/promises";
import { BENCH_OBJECT, serveSandbox } from "../support/sandbox.ts";
import type { SandboxOrder } from "../support/sandbox.ts";
import { EDITED } from "./messages.ts";
import type { EditedBatch, EditsDone, ReadCount, SandboxRequest } from "./messages.ts";

const BATCH_MS = 10;

const sandbox = await serveSandbox(JSON.parse(process.argv[2] ?? "") as SandboxOrder);
const { store, webhooks, log } = sandbox;
// The load generator delivers in its place: an API's own process would be too busy to keep up the rate.
webhooks.setPaused(true);

function say(message: EditedBatch | EditsDone | ReadCount): void {
  process.send?.(message);
}

/** Each record equally often, in an order that is the same every time and follows nothing. */
function draw(ids: readonly string[], events: number): string[] {
  const drawn = Array.from({ length: events }, (_, index) => ids[index % ids.length] ?? "");
  let state = 1;
  for (let last = drawn.length - 1; last > 0; last--) {
    // A linear congruential generator (Numerical Recipes); good enough to shuffle.
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    const other = state % (last + 1);
    [drawn[last], drawn[other]] = [drawn[other] ?? "", drawn[last] ?? ""];
  }
  return drawn;
}

async function edit(events: number, perSecond: number): Promise<void> {
  const order = draw(
    store.records(BENCH_OBJECT).map(({ id }) => id),
    events,
  );
  let batch: unknown[] = [];
  store.onEvent((event) => batch.push(event));
  const values: Record<string, number> = {};
  const beganMs = performance.now();
  for (let done = 0; done < events;) {
    const due = Math.min(events, ((performance.now() - beganMs) * perSecond) / 1_000);
    for (; done < due; done++) {
      const id = order[done] ?? "";
      values[id] = done;
      store.updateRecord(BENCH_OBJECT, id, { [EDITED]: done });
    }
    say({ events: batch });
    batch = [];
    await delay(BATCH_MS);
  }
  say({ values });
}

process.on("message", (request: SandboxRequest) => {
  if (request.do === "edit") void edit(request.events, request.perSecond);
  else {
    say({ reads: log.count({ path: /\/records/ }) });
    log.clear();
  }
});
