import type { Database } from "../../db/client.ts";
import { holdStreamAlone } from "../../db/locks.ts";
import { fitIdentifier, quoteIdentifier } from "../../db/mirror/identifiers.ts";
import { introspect } from "../../db/mirror/introspect.ts";
import { mirrorTable } from "../../db/mirror/sql-names.ts";
import { isLockTimeout } from "../../db/pg-errors.ts";
import { findList, findObject, ormOf, saveList, saveObject } from "../../db/queries/catalog.ts";
import { listStreams, renameStream } from "../../db/queries/streams.ts";
import type { StreamRow } from "../../db/queries/streams.ts";
import { transactDdl } from "../../db/tx.ts";
import { sourceId, sourceStream } from "./catalog.ts";
import type { Catalog } from "./catalog.ts";

/**
 * Frees the names that others are about to take: two objects may have swapped their slugs, or one may have the slug
 * that a deleted one had. Who is about to get a new name itself steps aside with its table; of one that Attio no
 * longer shows, the stream alone does, since its table's name was given first (design rule 33).
 */
export async function releaseNames(db: Database, catalog: Catalog): Promise<Set<string>> {
  const owners = new Map(catalog.sources.map((source) => [sourceStream(source), sourceId(source)]));
  const shown = new Set(owners.values());
  const waiting = new Set<string>();
  for (const stream of await listStreams(db.orm)) {
    const owner = owners.get(stream.stream);
    if (owner === undefined || stream.sourceId === null || stream.sourceId === owner) continue;
    try {
      await stepAside(db, stream, stream.sourceId, shown.has(stream.sourceId));
    } catch (error) {
      if (!isLockTimeout(error)) throw error;
      waiting.add(owner);
    }
  }
  return waiting;
}

async function stepAside(db: Database, stream: StreamRow, id: string, withTable: boolean): Promise<void> {
  const aside = `${stream.stream}~${id.slice(0, 8)}`;
  await transactDdl(db.sql, async (tx) => {
    for (const name of [stream.stream, aside].sort()) await holdStreamAlone(tx, name);
    await renameStream(tx, stream.stream, aside);
    if (!withTable) return;
    const orm = ormOf(tx);
    const object = stream.kind === "object" ? await findObject(orm, id) : undefined;
    const list = stream.kind === "list" ? await findList(orm, id) : undefined;
    const table = object?.tableName ?? list?.tableName;
    if (table === undefined || !(await introspect(tx)).tables.has(table)) return;
    const tableName = fitIdentifier(`_renaming_${id}`);
    await tx.unsafe(`ALTER TABLE ${mirrorTable(table)} RENAME TO ${quoteIdentifier(tableName)}`);
    if (object !== undefined) await saveObject(orm, { ...object, tableName });
    if (list !== undefined) await saveList(orm, { ...list, tableName });
  });
}
