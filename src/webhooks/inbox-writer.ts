import type { NewDelivery } from "../db/queries/inbox.ts";
import { isDataRefusal, sqlState } from "../db/pg-errors.ts";
import { monotonicMs } from "../lib/clock.ts";
import { sleep } from "../lib/sleep.ts";
import type { Log } from "../logger.ts";
import type { ReceiverStats } from "./stats.ts";

/** What became of a delivery. `kept`: it is in the inbox, now or already before. */
export type Kept = "kept" | "unstorable" | "unavailable";

/** What the writer works with. */
export interface InboxWriterDeps {
  /** Stores deliveries by one statement and says how many were new. */
  store: (deliveries: readonly NewDelivery[]) => Promise<number>;
  /** Called after each group that was stored. */
  wake: () => void;
  stats: ReceiverStats;
  log: Log;
}

/** Bounds. Attio waits 5 s for an answer, so that a delivery should know its fate well before. */
export interface InboxWriterOptions {
  /** Deliveries in one INSERT. */
  groupRows?: number;
  /** Bytes of bodies in one INSERT; a single larger delivery goes alone. */
  groupBytes?: number;
  /** Deliveries that may wait; more are refused at once. */
  waitingRows?: number;
  waitingBytes?: number;
  /** How long a delivery is tried again after a failure, in milliseconds since it came. */
  patienceMs?: number;
  /** Pause after a failure, in milliseconds. */
  pauseMs?: number;
}

interface Waiting {
  readonly delivery: NewDelivery;
  readonly since: number;
  readonly settle: (kept: Kept) => void;
}

const MIB = 1024 * 1024;

/**
 * Group commit: one INSERT is in flight at a time, and the next takes all that gathered meanwhile. No timer holds anything
 * back, so that a lone delivery is stored at once and a burst costs few statements.
 */
export class InboxWriter {
  readonly #deps: InboxWriterDeps;
  readonly #options: Required<InboxWriterOptions>;
  #waiting: Waiting[] = [];
  #waitingBytes = 0;
  #work: Promise<void> | null = null;
  #isDown = false;
  #isClosed = false;

  constructor(deps: InboxWriterDeps, options: InboxWriterOptions = {}) {
    this.#deps = deps;
    this.#options = {
      groupRows: 500,
      groupBytes: 4 * MIB,
      waitingRows: 5_000,
      waitingBytes: 32 * MIB,
      patienceMs: 1_000,
      pauseMs: 100,
      ...options,
    };
  }

  /** Resolves once the delivery is committed, or will not be. Never rejects. */
  add(delivery: NewDelivery): Promise<Kept> {
    const { waitingRows, waitingBytes } = this.#options;
    const isFull =
      this.#waiting.length >= waitingRows || this.#waitingBytes + delivery.body.byteLength > waitingBytes;
    if (isFull || this.#isClosed) return Promise.resolve("unavailable");
    return new Promise((settle) => {
      this.#waiting.push({ delivery, since: monotonicMs(), settle });
      this.#waitingBytes += delivery.body.byteLength;
      this.#work ??= this.#writeAll();
    });
  }

  /** Takes no more and waits for what was taken. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#work;
  }

  async #writeAll(): Promise<void> {
    while (this.#waiting.length > 0) await this.#write(this.#takeGroup());
    this.#work = null;
  }

  #takeGroup(): Waiting[] {
    const { groupRows, groupBytes } = this.#options;
    let count = 0;
    let bytes = 0;
    for (const { delivery } of this.#waiting.slice(0, groupRows)) {
      bytes += delivery.body.byteLength;
      if (count > 0 && bytes > groupBytes) break;
      count++;
    }
    const group = this.#waiting.splice(0, count);
    for (const { delivery } of group) this.#waitingBytes -= delivery.body.byteLength;
    return group;
  }

  async #write(group: readonly Waiting[]): Promise<void> {
    let stored: number;
    try {
      stored = await this.#deps.store(group.map(({ delivery }) => delivery));
    } catch (error) {
      if (!isDataRefusal(error)) await this.#waitForDatabase(group, error);
      else if (group.length > 1) for (const one of group) await this.#write([one]);
      else this.#settleUnstorable(group, error);
      return;
    }
    this.#settleStored(group, stored);
  }

  #settleStored(group: readonly Waiting[], stored: number): void {
    const { stats, log } = this.#deps;
    if (this.#isDown) log.info({}, "deliveries are stored again");
    this.#isDown = false;
    stats.inserts++;
    stats.stored += stored;
    stats.duplicate += group.length - stored;
    for (const { settle } of group) settle("kept");
    if (stored > 0) this.#wake();
  }

  /** The deliveries are safe: whoever was to be woken finds them later too. */
  #wake(): void {
    try {
      this.#deps.wake();
    } catch (error) {
      this.#deps.log.error({ err: error }, "waking failed");
    }
  }

  #settleUnstorable(group: readonly Waiting[], error: unknown): void {
    this.#deps.log.error({ code: sqlState(error) }, "PostgreSQL refused a delivery");
    for (const { settle } of group) settle("unstorable");
  }

  /** Gives up those that have waited long enough and puts the others back in front. */
  async #waitForDatabase(group: readonly Waiting[], error: unknown): Promise<void> {
    if (!this.#isDown) this.#deps.log.error({ reason: reasonOf(error) }, "deliveries can't be stored");
    this.#isDown = true;
    const { patienceMs, pauseMs } = this.#options;
    const hopeful: Waiting[] = [];
    for (const one of [...group, ...this.#waiting]) {
      if (monotonicMs() - one.since < patienceMs) hopeful.push(one);
      else one.settle("unavailable");
    }
    this.#waiting = hopeful;
    this.#waitingBytes = hopeful.reduce((sum, { delivery }) => sum + delivery.body.byteLength, 0);
    if (hopeful.length > 0) await sleep(pauseMs);
  }
}

/** SQLSTATE, the system's code, or the class: never a message, which may quote a parameter. */
function reasonOf(error: unknown): string {
  const state = sqlState(error);
  if (state !== undefined) return state;
  if (!(error instanceof Error)) return "unknown";
  return "code" in error && typeof error.code === "string" ? error.code : error.name;
}
