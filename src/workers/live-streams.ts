import { findStream } from "../db/queries/streams.ts";
import type { SyncDeps } from "../sync/deps.ts";
import { openLiveStream, type LiveStream } from "../sync/live/live-stream.ts";

/** Streams that hydrate has open, kept between jobs: opening reads the plan, and each learns how many ids a query may name. */
export class LiveStreams {
  readonly #deps: SyncDeps;
  readonly #open = new Map<string, { version: string; stream: LiveStream }>();

  constructor(deps: SyncDeps) {
    this.#deps = deps;
  }

  /** The stream as it is now; undefined when the mirror has none of that name (any more). */
  async get(name: string): Promise<LiveStream | undefined> {
    const row = await findStream(this.#deps.db.orm, name);
    const version = `${row?.sourceId ?? ""} ${row?.planVersion ?? ""}`;
    const known = this.#open.get(name);
    if (known?.version === version) return known.stream;
    this.#open.delete(name);
    const stream = await openLiveStream(this.#deps, name, known?.stream);
    if (stream === undefined) return undefined;
    this.#open.set(name, { version, stream });
    return stream;
  }
}
