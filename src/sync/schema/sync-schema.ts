import { AttioNotFoundError, type AttioClient, type RequestOptions } from "../../attio/index.ts";
import type { Database, Tx } from "../../db/client.ts";
import { lockExclusive } from "../../db/locks.ts";
import { ensureRoles, ROLE_SQL } from "../../db/mirror/roles.ts";
import { introspect } from "../../db/mirror/introspect.ts";
import { isLimitExceeded, isLockTimeout } from "../../db/pg-errors.ts";
import { ormOf } from "../../db/queries/catalog.ts";
import { wantBackfillOf } from "../../db/queries/chores.ts";
import { readSetting, writeSetting } from "../../db/queries/settings.ts";
import { ensureStream, listStreams, setStreamState } from "../../db/queries/streams.ts";
import type { StreamRow, StreamState } from "../../db/queries/streams.ts";
import { transactDdl } from "../../db/tx.ts";
import type { Log } from "../../logger.ts";
import type { DeleteMode } from "../deps.ts";
import { localWrites, type Outbound } from "../local-writes.ts";
import { rowHash } from "../mapping/row.ts";
import { FIXED_STREAMS } from "../streams.ts";
import { sourceId, sourceStream } from "./catalog.ts";
import type { Catalog, CatalogSource, UnreadableSource } from "./catalog.ts";
import { readCatalog, readSource, sourceRefusal } from "./read-catalog.ts";
import { releaseNames } from "./release-names.ts";
import { syncFixedWrites } from "./sync-fixed-writes.ts";
import { isInLine, syncSource } from "./sync-source.ts";
import { viewStatements } from "./views.ts";
import { loadViewTables } from "./view-tables.ts";

export interface SchemaDeps {
  db: Database;
  client: AttioClient;
  log: Log;
  outbound: Outbound;
  deleteMode: DeleteMode;
}

export interface SchemaSync {
  /** Streams whose table changed. */
  changed: string[];
  /** Streams whose table a user's transaction keeps as it is; their rows are mirrored by the old plan until the next sync. */
  postponed: string[];
}

/** Tables that are fed along with another stream, but keep tickets and tombstones of their own. */
const COMPANION_STREAMS = ["threads"];

/**
 * Reads Attio's schema and brings tables, views and roles in line with it. Run twice, it changes nothing. One process
 * at a time does it, fetch included, so that an older answer never follows a newer one.
 */
export async function syncSchema(deps: SchemaDeps, options: RequestOptions = {}): Promise<SchemaSync> {
  const { db, client, log } = deps;
  const { changed, postponed } = await inTurn(db, async (turn) => {
    const catalog = await readCatalog(client, options);
    const { unfit, ...synced } = await syncSources(deps, catalog, turn);
    await ensureFixedStreams(db);
    await noteStates(deps, { ...catalog, unreadable: [...catalog.unreadable, ...unfit] }, options);
    await syncViews(deps);
    return synced;
  });
  if (!(await ensureRoles(db.sql))) {
    log.warn({ sql: ROLE_SQL }, "roles are missing and this login may not create them");
  }
  if (changed.length > 0) log.info({ streams: changed }, "schema changed");
  return { changed, postponed };
}

async function syncSources(
  deps: SchemaDeps,
  catalog: Catalog,
  turn: Tx,
): Promise<SchemaSync & { unfit: UnreadableSource[] }> {
  const synced: SchemaSync & { unfit: UnreadableSource[] } = { changed: [], postponed: [], unfit: [] };
  const waiting = await releaseNames(deps.db, catalog);
  const existing = await introspect(turn);
  const writes = localWrites(deps.outbound, deps.deleteMode);
  synced.postponed.push(...(await syncFixedWrites(deps.db, writes)));
  for (const source of catalog.sources) {
    if (await isInLine(turn, source, existing, writes)) continue;
    const result = waiting.has(sourceId(source))
      ? undefined
      : await unlessUnfit(source, () => unlessLocked(() => syncSource(deps.db, source, writes)));
    if (result === undefined) synced.postponed.push(sourceStream(source));
    else if ("reason" in result) synced.unfit.push(result);
    else if (result.changed) synced.changed.push(result.stream);
  }
  if (synced.postponed.length > 0) {
    deps.log.warn(
      { streams: synced.postponed },
      "tables not changed, a user's transaction holds their locks",
    );
  }
  return synced;
}

/** The same for one object or list, when a page shows that its options have moved on. */
export async function syncOneSource(
  deps: SchemaDeps,
  kind: "object" | "list",
  id: string,
  options: RequestOptions = {},
): Promise<void> {
  await inTurn(deps.db, async () => {
    const source = await readSource(deps.client, kind, id, options);
    const synced =
      source === undefined
        ? undefined
        : await unlessLocked(() => syncSource(deps.db, source, localWrites(deps.outbound, deps.deleteMode)));
    // Whoever met the news reads on; rows that were read before it lack what is new.
    if (synced?.changed === true) await wantBackfillOf(deps.db.sql, [synced.stream]);
    await syncViews(deps);
  });
}

/** The last of those that wait for their turn on a pool. */
const turns = new WeakMap<Database, Promise<unknown>>();

async function inTurn<T>(db: Database, work: (turn: Tx) => Promise<T>): Promise<T> {
  // Those of one pool wait without a connection: with one each they would leave none to whoever has the turn, for ever.
  const mine = (turns.get(db) ?? Promise.resolve()).then(() => takeTurn(db, work));
  turns.set(
    db,
    mine.catch(() => undefined),
  );
  return mine;
}

async function takeTurn<T>(db: Database, work: (turn: Tx) => Promise<T>): Promise<T> {
  // At any other level it would go on seeing what there was before its turn came.
  return (await db.sql.begin("isolation level read committed", async (tx) => {
    await lockExclusive(tx, "schema");
    return work(tx);
  })) as T;
}

async function ensureFixedStreams(db: Database): Promise<void> {
  for (const stream of [...FIXED_STREAMS, ...COMPANION_STREAMS]) {
    await ensureStream(db.orm, { stream, kind: "fixed", sourceId: null });
  }
}

/** Says of each object and list whether Attio still shows it. What it does not show is a state, never a deletion. */
async function noteStates(deps: SchemaDeps, catalog: Catalog, options: RequestOptions): Promise<void> {
  const { db } = deps;
  const shown = new Set(catalog.sources.map(sourceId));
  const unreadable = new Map(catalog.unreadable.map((source) => [source.stream, source]));
  for (const stream of await listStreams(db.orm)) {
    const refusal = unreadable.get(stream.stream);
    if (refusal !== undefined) await setStreamState(db.orm, stream.stream, refusal.state, refusal.reason);
    else if (stream.sourceId !== null) {
      const state = await stateOf(deps, catalog, stream, shown.has(stream.sourceId), options);
      if (state !== undefined) await setStreamState(db.orm, stream.stream, state.state, state.reason);
    }
  }
  for (const { stream, state, reason } of catalog.unreadable) {
    await ensureStream(db.orm, {
      stream,
      kind: stream.startsWith("list:") ? "list" : "object",
      sourceId: null,
    });
    await setStreamState(db.orm, stream, state, reason);
  }
}

const UNSEEN = new Set(["hidden", "gone", "disabled", "forbidden", "unfit"]);

interface NotedState {
  state: StreamState;
  reason: string | null;
}

/** What the catalog says of an object or list; undefined where its state stays as it is. */
async function stateOf(
  { client }: SchemaDeps,
  catalog: Catalog,
  stream: StreamRow,
  isShown: boolean,
  options: RequestOptions,
): Promise<NotedState | undefined> {
  if (isShown) return UNSEEN.has(stream.state) ? { state: "ok", reason: null } : undefined;
  if (!(stream.kind === "list" ? catalog.listsListed : catalog.objectsListed))
    return { state: "forbidden", reason: "the token may not list what this stream belongs to" };
  if (stream.kind === "list")
    return { state: "hidden", reason: "Attio does not show this list to the token" };
  return whyUnlisted(client, stream.sourceId ?? "", options);
}

/** An object that is switched off is not listed either; asked for it, Attio says so. */
async function whyUnlisted(client: AttioClient, id: string, options: RequestOptions): Promise<NotedState> {
  try {
    await client.objects.get(id, options);
    return { state: "hidden", reason: "Attio does not list this object to the token" };
  } catch (error) {
    if (error instanceof AttioNotFoundError)
      return { state: "gone", reason: "Attio no longer has this object" };
    const refusal = sourceRefusal(error);
    if (refusal === undefined) throw error;
    return refusal;
  }
}

/** Makes the views anew when what they are made from has changed; a user who reads one for long puts that off. */
async function syncViews({ db, log }: SchemaDeps): Promise<void> {
  const statements = viewStatements(await loadViewTables(db.orm));
  const hash = rowHash(statements.join("\n"));
  if ((await readSetting(db.orm, "views"))?.hash === hash) return;
  const done = await unlessLocked(() =>
    transactDdl(db.sql, async (tx) => {
      for (const statement of statements) await tx.unsafe(statement);
      await writeSetting(ormOf(tx), "views", { hash });
      return true;
    }),
  );
  if (done === undefined) log.warn("views not changed, a user's transaction holds their locks");
}

/** Says why PostgreSQL can't have the table that an object or list would need; all others go on without it. */
async function unlessUnfit<T>(
  source: CatalogSource,
  change: () => Promise<T>,
): Promise<T | UnreadableSource> {
  try {
    return await change();
  } catch (error) {
    if (!isLimitExceeded(error)) throw error;
    const reason = `PostgreSQL can't hold its table: ${error instanceof Error ? error.message : String(error)}`;
    return { stream: sourceStream(source), state: "unfit", reason };
  }
}

/** Undefined where a user's transaction held a lock for too long: the next sync tries again. */
async function unlessLocked<T>(change: () => Promise<T>): Promise<T | undefined> {
  try {
    return await change();
  } catch (error) {
    if (isLockTimeout(error)) return undefined;
    throw error;
  }
}
