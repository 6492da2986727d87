import { isDeepStrictEqual } from "node:util";
import type { Database, Tx } from "../../db/client.ts";
import { holdStreamAlone } from "../../db/locks.ts";
import { introspect } from "../../db/mirror/introspect.ts";
import {
  findAttributes,
  findList,
  findObject,
  findOptions,
  findStatuses,
  ormOf,
  saveAttribute,
  saveList,
  saveObject,
  saveOption,
  saveStatus,
} from "../../db/queries/catalog.ts";
import type { AttributeRow } from "../../db/queries/catalog.ts";
import type { Orm } from "../../db/client.ts";
import { renameHistory } from "../../db/queries/history.ts";
import { renameOutboxColumns } from "../../db/queries/outbox.ts";
import { bumpPlanVersion, ensureStream, findStreamBySource, renameStream } from "../../db/queries/streams.ts";
import { transactDdl } from "../../db/tx.ts";
import type { LocalWrites } from "../local-writes.ts";
import { sourceId, sourceStream } from "./catalog.ts";
import type { CatalogAttribute, CatalogSource } from "./catalog.ts";
import { planSource, shapeOf } from "./plan.ts";
import type { GivenSource, SourcePlan } from "./plan.ts";
import { renameTitles } from "./titles.ts";
import type { TitleChange } from "./titles.ts";

export interface SourceSync {
  stream: string;
  changed: boolean;
}

/**
 * Brings the table of one object or list in line with what Attio says of it, in one transaction and under the
 * stream's lock held alone, so that no page read under the old plan is written into the new one.
 */
export async function syncSource(
  db: Database,
  source: CatalogSource,
  writes: LocalWrites,
): Promise<SourceSync> {
  return transactDdl(db.sql, async (tx) => {
    const orm = ormOf(tx);
    const stream = sourceStream(source);
    const former = (await findStreamBySource(orm, sourceId(source)))?.stream ?? stream;
    for (const name of [...new Set([former, stream])].sort()) {
      await holdStreamAlone(tx, name);
    }
    // Read again under the lock: another process may have been here while we waited.
    const given = await loadGiven(orm, source);
    const plan = planSource(source, given, await introspect(tx), writes);
    const changed = await applyPlan(tx, orm, source, plan);
    if (changed) await bumpPlanVersion(tx, plan.stream);
    return { stream: plan.stream, changed };
  });
}

async function loadGiven(orm: Orm, source: CatalogSource): Promise<GivenSource | undefined> {
  const id = sourceId(source);
  const [row, stream, attributes] = await Promise.all([
    source.kind === "object" ? findObject(orm, id) : findList(orm, id),
    findStreamBySource(orm, id),
    findAttributes(orm, id),
  ]);
  if (row === undefined || stream === undefined) return undefined;
  return {
    slug: row.apiSlug,
    table: row.tableName,
    stream: stream.stream,
    columns: new Map(
      attributes.map((attribute) => [
        attribute.attributeId,
        { slug: attribute.apiSlug, column: attribute.columnName, sides: attribute.sideColumns },
      ]),
    ),
  };
}

async function applyPlan(tx: Tx, orm: Orm, source: CatalogSource, plan: SourcePlan): Promise<boolean> {
  // One round trip: a new table has a comment for every column.
  if (plan.statements.length > 0) await tx.unsafe(plan.statements.join(";\n"));
  await renameOutboxColumns(tx, plan.formerStream, plan.renames);
  if (plan.formerStream !== plan.stream) await renameStream(tx, plan.formerStream, plan.stream);
  await ensureStream(orm, { stream: plan.stream, kind: source.kind, sourceId: sourceId(source) });
  const changes = [
    plan.statements.length > 0,
    await saveSource(orm, source, plan),
    await saveAttributes(tx, orm, source, plan),
    await saveOptions(tx, orm, source, plan),
    await saveStatuses(tx, orm, source, plan),
  ];
  return changes.includes(true);
}

async function saveSource(orm: Orm, source: CatalogSource, plan: SourcePlan): Promise<boolean> {
  if (source.kind === "object") {
    const row = { ...source.row, tableName: plan.table };
    if (same(await findObject(orm, row.objectId), row)) return false;
    await saveObject(orm, row);
  } else {
    const row = { ...source.row, tableName: plan.table };
    if (same(await findList(orm, row.listId), row)) return false;
    await saveList(orm, row);
  }
  return true;
}

async function saveAttributes(tx: Tx, orm: Orm, source: CatalogSource, plan: SourcePlan): Promise<boolean> {
  const renamed: { from: string; to: string }[] = [];
  const known = new Map((await findAttributes(orm, sourceId(source))).map((row) => [row.attributeId, row]));
  const saved: Promise<void>[] = [];
  for (const attribute of source.attributes) {
    const names = plan.columns.get(attribute.description.attributeId);
    if (names === undefined) continue;
    const row: AttributeRow = {
      ...attribute.description,
      columnName: names.column,
      sideColumns: names.sides,
    };
    const before = known.get(row.attributeId);
    if (same(before, row)) continue;
    saved.push(saveAttribute(orm, row));
    if (before !== undefined && before.apiSlug !== row.apiSlug) {
      renamed.push({ from: before.apiSlug, to: row.apiSlug });
    }
  }
  await Promise.all(saved);
  await renameHistory(tx, plan.stream, renamed);
  return saved.length > 0;
}

async function saveOptions(tx: Tx, orm: Orm, source: CatalogSource, plan: SourcePlan): Promise<boolean> {
  const known = new Map((await findOptions(orm, sourceId(source))).map((row) => [row.optionId, row]));
  let changed = false;
  for (const attribute of source.attributes) {
    const renamed: TitleChange[] = [];
    const saved: Promise<void>[] = [];
    for (const option of attribute.options) {
      const before = known.get(option.optionId);
      if (same(before, option)) continue;
      if (before !== undefined && before.title !== option.title) {
        renamed.push({ from: before.title, to: option.title });
      }
      saved.push(saveOption(orm, option));
    }
    await Promise.all(saved);
    changed ||= saved.length > 0;
    await renameIn(tx, source, plan, attribute, renamed);
  }
  return changed;
}

async function saveStatuses(tx: Tx, orm: Orm, source: CatalogSource, plan: SourcePlan): Promise<boolean> {
  const known = new Map((await findStatuses(orm, sourceId(source))).map((row) => [row.statusId, row]));
  let changed = false;
  for (const attribute of source.attributes) {
    const renamed: TitleChange[] = [];
    const saved: Promise<void>[] = [];
    for (const status of attribute.statuses) {
      const before = known.get(status.statusId);
      if (same(before, status)) continue;
      if (before !== undefined && before.title !== status.title) {
        renamed.push({ from: before.title, to: status.title });
      }
      saved.push(saveStatus(orm, status));
    }
    await Promise.all(saved);
    changed ||= saved.length > 0;
    await renameIn(tx, source, plan, attribute, renamed);
  }
  return changed;
}

async function renameIn(
  tx: Tx,
  source: CatalogSource,
  plan: SourcePlan,
  attribute: CatalogAttribute,
  renamed: readonly TitleChange[],
): Promise<void> {
  const names = plan.columns.get(attribute.description.attributeId);
  if (names === undefined) return;
  const target = {
    stream: plan.stream,
    table: plan.table,
    key: source.kind === "object" ? "record_id" : "entry_id",
    column: names.column,
    multi: shapeOf(attribute).multi,
  };
  await renameTitles(tx, target, renamed);
}

/** Whether a stored row says the same as the catalog; timestamps are compared as instants. */
function same(stored: Record<string, unknown> | undefined, wanted: Record<string, unknown>): boolean {
  return stored !== undefined && isDeepStrictEqual(comparable(stored), comparable(wanted));
}

function comparable(row: Record<string, unknown>): Record<string, unknown> {
  return { ...row, createdAt: typeof row.createdAt === "string" ? Date.parse(row.createdAt) : row.createdAt };
}
