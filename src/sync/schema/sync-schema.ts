import type { AttioClient, RequestOptions } from "../../attio/index.ts";
import type { Database } from "../../db/client.ts";
import { lockExclusive } from "../../db/locks.ts";
import { ensureRoles, ROLE_SQL } from "../../db/mirror/roles.ts";
import { isLockTimeout } from "../../db/pg-errors.ts";
import { ormOf } from "../../db/queries/catalog.ts";
import { readSetting, writeSetting } from "../../db/queries/settings.ts";
import { ensureStream, listStreams, setStreamState } from "../../db/queries/streams.ts";
import type { StreamRow } from "../../db/queries/streams.ts";
import { transactDdl } from "../../db/tx.ts";
import type { Log } from "../../logger.ts";
import { rowHash } from "../mapping/row.ts";
import { FIXED_STREAMS } from "../streams.ts";
import { sourceId, sourceStream } from "./catalog.ts";
import type { Catalog } from "./catalog.ts";
import { readCatalog, readSource } from "./read-catalog.ts";
import { releaseNames } from "./release-names.ts";
import { syncSource } from "./sync-source.ts";
import { viewStatements } from "./views.ts";
import { loadViewTables } from "./view-tables.ts";

export interface SchemaDeps {
  db: Database;
  client: AttioClient;
  log: Log;
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
  const { changed, postponed } = await inTurn(db, async () => {
    const catalog = await readCatalog(client, options);
    const synced = await syncSources(deps, catalog);
    await ensureFixedStreams(db);
    await noteStates(db, catalog);
    await syncViews(deps);
    return synced;
  });
  if (!(await ensureRoles(db.sql))) {
    log.warn({ sql: ROLE_SQL }, "roles are missing and this login may not create them");
  }
  if (changed.length > 0) log.info({ streams: changed }, "schema changed");
  return { changed, postponed };
}

async function syncSources(deps: SchemaDeps, catalog: Catalog): Promise<SchemaSync> {
  const synced: SchemaSync = { changed: [], postponed: [] };
  const waiting = await releaseNames(deps.db, catalog);
  for (const source of catalog.sources) {
    const result = waiting.has(sourceId(source))
      ? undefined
      : await unlessLocked(() => syncSource(deps.db, source));
    if (result === undefined) synced.postponed.push(sourceStream(source));
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
    if (source !== undefined) await unlessLocked(() => syncSource(deps.db, source));
    await syncViews(deps);
  });
}

async function inTurn<T>(db: Database, work: () => Promise<T>): Promise<T> {
  return (await db.sql.begin(async (tx) => {
    await lockExclusive(tx, "schema");
    return work();
  })) as T;
}

async function ensureFixedStreams(db: Database): Promise<void> {
  for (const stream of [...FIXED_STREAMS, ...COMPANION_STREAMS]) {
    await ensureStream(db.orm, { stream, kind: "fixed", sourceId: null });
  }
}

/** Says of each object and list whether Attio still shows it. What it does not show is a state, never a deletion. */
async function noteStates(db: Database, catalog: Catalog): Promise<void> {
  const shown = new Set(catalog.sources.map(sourceId));
  const unreadable = new Map(catalog.unreadable.map((source) => [source.stream, source]));
  for (const stream of await listStreams(db.orm)) {
    const refusal = unreadable.get(stream.stream);
    if (refusal !== undefined) await setStreamState(db.orm, stream.stream, refusal.state, refusal.reason);
    else if (stream.sourceId !== null) await noteSource(db, catalog, stream, shown.has(stream.sourceId));
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

const UNSEEN = new Set(["hidden", "gone", "disabled", "forbidden"]);

async function noteSource(db: Database, catalog: Catalog, stream: StreamRow, shown: boolean): Promise<void> {
  const listed = stream.kind === "list" ? catalog.listsListed : catalog.objectsListed;
  if (shown && UNSEEN.has(stream.state)) await setStreamState(db.orm, stream.stream, "ok", null);
  if (shown) return;
  if (!listed) {
    await setStreamState(
      db.orm,
      stream.stream,
      "forbidden",
      "the token may not list what this stream belongs to",
    );
  } else if (stream.kind === "list") {
    await setStreamState(db.orm, stream.stream, "hidden", "Attio does not show this list to the token");
  } else {
    await setStreamState(db.orm, stream.stream, "gone", "Attio no longer has this object");
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

/** Undefined where a user's transaction held a lock for too long: the next sync tries again. */
async function unlessLocked<T>(change: () => Promise<T>): Promise<T | undefined> {
  try {
    return await change();
  } catch (error) {
    if (isLockTimeout(error)) return undefined;
    throw error;
  }
}
