import type { RequestOptions } from "../../attio/index.ts";
import type { Sql } from "../../db/client.ts";
import { releaseOrphanChanges, returnChanges, type Lane, type Taken } from "../../db/queries/outbox.ts";
import { countBulk, countRowsOf, findBulk, holdBulk } from "../../db/queries/outbox-bulk.ts";
import { claimLanes } from "../../db/queries/outbox-claims.ts";
import { findStream } from "../../db/queries/streams.ts";
import { monotonicMs } from "../../lib/clock.ts";
import { Pause } from "../../lib/pause.ts";
import { sleep } from "../../lib/sleep.ts";
import { RecordSource } from "../fetch/record-source.ts";
import { isWritableStream } from "../streams.ts";
import type { Endpoint } from "./endpoint.ts";
import type { PushDeps } from "./push-deps.ts";
import { pushLane } from "./push-lane.ts";
import { RecordEndpoint } from "./record-endpoint.ts";
import { ResourceEndpoint } from "./resource-endpoint.ts";

/** Rows that are pushed side by side, of small batches and of bulks each: enough for a full write budget at Attio's usual answering times. */
const SIDE_BY_SIDE = 16;

/** How often the outbox is looked at while pushes are under way, should nobody say that something was changed. */
const LOOK_MS = 50;

/** How long it is waited until a database that took nothing is asked again. */
const GIVE_BACK_MS = 500;

/** Longest pause before a row is pushed again that failed for another reason than Attio's. */
const MAX_DELAY_SECONDS = 300;

/** Counting the rows of a large table takes longer than a push. */
const BULK_REST_MS = 1_000;

/** What a run did. */
export interface Pushed {
  /** Rows that were pushed. */
  lanes: number;
  /** Milliseconds until the next change is due; null for none that waits. */
  dueInMs: number | null;
}

/** Pushes the outbox, several rows at a time; what is due when it is asked, and what becomes due meanwhile. */
export class Pusher {
  readonly #deps: PushDeps;
  readonly #claims: Sql;
  readonly #endpoints = new Map<string, { version: number; endpoint: Endpoint }>();
  /** Until when large bulks that are no accident are not judged again, by stream and operation. */
  readonly #bulkRests = new Map<string, number>();
  readonly #pause = new Pause();
  /** The bulk that had its turn last. */
  #after = 0;

  /** @param claims a pool of one connection, which lives as long as this process pushes */
  constructor(deps: PushDeps, claims: Sql) {
    this.#deps = deps;
    this.#claims = claims;
  }

  /** Has a run under way look at the outbox at once: something was changed. */
  wake(): void {
    this.#pause.end();
  }

  /** Returns when nothing is due any more. */
  async run(options: RequestOptions = {}): Promise<Pushed> {
    await releaseOrphanChanges(this.#claims);
    const small = new Set<Promise<void>>();
    const bulk = new Set<Promise<void>>();
    let lanes = 0;
    try {
      for (;;) {
        options.signal?.throwIfAborted();
        await this.#holdBulk();
        const places = { small: SIDE_BY_SIDE - small.size, bulk: SIDE_BY_SIDE - bulk.size };
        const claim = await claimLanes(this.#claims, places, {
          graceMs: this.#deps.patience.graceMs,
          after: this.#after,
        });
        this.#after = claim.after;
        for (const { lane, isBulk } of claim.lanes) {
          lanes += 1;
          const beside = isBulk ? bulk : small;
          // An edit amid a bulk is not to wait for all that the bulk has under way.
          const pushing = this.#push(lane, { ...options, priority: isBulk ? "bulk" : "interactive" }).finally(
            () => {
              beside.delete(pushing);
              this.#pause.end();
            },
          );
          beside.add(pushing);
        }
        if (small.size + bulk.size === 0) return { lanes, dueInMs: claim.dueInMs };
        // Ended by each push that ends: its place is free. One slow answer must not keep what is changed meanwhile waiting.
        await this.#pause.wait(LOOK_MS);
      }
    } finally {
      await Promise.allSettled([...small, ...bulk]);
    }
  }

  /** So many deletes or inserts at once are held until somebody allows them (design rule 15). */
  async #holdBulk(): Promise<void> {
    const { log } = this.#deps;
    const judged = [...this.#bulkRests].filter(([, until]) => monotonicMs() < until).map(([name]) => name);
    for (const kind of await findBulk(this.#claims, { deletes: 100, inserts: 1_000 }, judged)) {
      const name = `${kind.operation} ${kind.stream}`;
      const bulk = { ...kind, count: await countBulk(this.#claims, kind) };
      const rows = await countRowsOf(this.#claims, bulk.stream);
      const before = bulk.operation === "delete" ? rows + bulk.count : rows - bulk.count;
      if (bulk.count * 5 <= before) {
        this.#bulkRests.set(name, monotonicMs() + BULK_REST_MS);
        continue;
      }
      log.warn(bulk, "so many local changes are held until they are allowed");
      await holdBulk(this.#claims, bulk);
    }
  }

  /** What fails for another reason than Attio's is given back; the other rows go on. */
  async #push(lane: Lane, options: RequestOptions): Promise<void> {
    const taken = [...lane.changes];
    try {
      const endpoint = await this.#endpoint(lane.stream);
      if (endpoint === undefined) {
        await returnChanges(this.#deps.db.sql, lane.changes, { delay: 60, sent: false, code: "no_stream" });
        return;
      }
      await pushLane(this.#deps, endpoint, lane, options);
    } catch (error) {
      this.#deps.log.error({ stream: lane.stream, id: lane.recordId, err: error }, "push failed");
      await this.#giveBack(taken, options.signal);
    }
  }

  /** What cannot even be given back, as on a full disk, nobody else would take as long as this process lives. */
  async #giveBack(taken: readonly Taken[], signal: AbortSignal | undefined): Promise<void> {
    const attempts = Math.max(...taken.map((one) => one.attempts));
    const delay = Math.min(MAX_DELAY_SECONDS, 0.5 * 2 ** Math.min(attempts, 10));
    while (signal?.aborted !== true) {
      try {
        await returnChanges(this.#deps.db.sql, taken, { delay, sent: true });
        return;
      } catch {
        await sleep(GIVE_BACK_MS);
      }
    }
  }

  async #endpoint(stream: string): Promise<Endpoint | undefined> {
    if (isWritableStream(stream)) return ResourceEndpoint.open(this.#deps, stream);
    const row = await findStream(this.#deps.db.orm, stream);
    if (row?.sourceId == null) return undefined;
    const known = this.#endpoints.get(stream);
    if (known?.version === row.planVersion) return known.endpoint;
    const source = await RecordSource.open(this.#deps, row, { object: 0, list: 0 });
    const endpoint = new RecordEndpoint(this.#deps, source);
    this.#endpoints.set(stream, { version: row.planVersion, endpoint });
    return endpoint;
  }
}
