import { ALL_SCOPES, type Sandbox } from "../../src/sandbox/index.ts";
import { BENCH_OBJECT, serveSandbox } from "../support/sandbox.ts";
import type { SandboxOrder } from "../support/sandbox.ts";
import { EDITED, PER_SECOND, valueOf } from "./edits.ts";
import type { SandboxRequest, SentEdit } from "./edits.ts";

/** Records that are edited; more than a measurement has time for. */
const EDITED_RECORDS = 10_000;

/** Edits records at a steady pace; what falls due while the process is busy is made up for. */
class Editor {
  readonly ids: readonly string[];
  readonly #sandbox: Sandbox;
  #timer: NodeJS.Timeout | undefined;
  #editOf = new Map<string, number>();
  #deliveriesBefore = 0;

  constructor(sandbox: Sandbox) {
    this.#sandbox = sandbox;
    const records = sandbox.store.records(BENCH_OBJECT);
    const step = Math.max(1, Math.floor(records.length / EDITED_RECORDS));
    // From all over the stream, in an order that has nothing to do with a backfill's.
    this.ids = records
      .filter((_, index) => index % step === 0)
      .map(({ id }) => id)
      .toSorted();
  }

  start(from: number): void {
    const { store, webhooks } = this.#sandbox;
    this.#editOf = new Map();
    this.#deliveriesBefore = webhooks.deliveries.length;
    const beganMs = performance.now();
    let done = 0;
    this.#timer = setInterval(() => {
      for (; done < ((performance.now() - beganMs) * PER_SECOND) / 1_000; done++) {
        const edit = from + done;
        const id = this.ids[edit % this.ids.length] ?? "";
        this.#editOf.set(id, edit);
        store.updateRecord(BENCH_OBJECT, id, { [EDITED]: valueOf(edit) });
      }
    }, 5);
  }

  async stop(): Promise<SentEdit[]> {
    const { webhooks } = this.#sandbox;
    clearInterval(this.#timer);
    await webhooks.idle();
    return webhooks.deliveries.slice(this.#deliveriesBefore).flatMap(({ event, attempts }) => {
      const edit = this.#editOf.get(String((event.id as Record<string, unknown>)["record_id"]));
      const sentAtMs = attempts[0]?.atMs;
      return edit === undefined || sentAtMs === undefined ? [] : [{ edit, sentAtMs }];
    });
  }
}

const sandbox = await serveSandbox(JSON.parse(process.argv[2] ?? "") as SandboxOrder);
const editor = new Editor(sandbox);

async function answer(request: SandboxRequest): Promise<unknown> {
  switch (request.do) {
    case "list":
      return editor.ids;
    case "edit":
      editor.start(request.from);
      return undefined;
    case "stop":
      return editor.stop();
    case "forbidCrawl":
      sandbox.setScopes(ALL_SCOPES.filter((scope) => !/^(comment|file):/.test(scope)));
      return {};
    case "reset":
      sandbox.setScopes(ALL_SCOPES);
      for (const { id } of sandbox.webhooks.list()) sandbox.webhooks.delete(id);
      return {};
  }
}

process.on("message", (request: SandboxRequest) => {
  void answer(request).then((said) => {
    if (said !== undefined) process.send?.(said);
  });
});
