import { isDeepStrictEqual } from "node:util";
import type { Database, Tx } from "../../db/client.ts";
import { holdStreamAlone } from "../../db/locks.ts";
import { introspect } from "../../db/mirror/introspect.ts";
import type { ExistingSchema } from "../../db/mirror/introspect.ts";
import {
  findAttributes,
  findList,
  findObject,
  findOptions,
  findStatuses,
  ormOf,
  saveAttributes,
  saveList,
  saveObject,
  saveOptions,
  saveStatuses,
} from "../../db/queries/catalog.ts";
import type { AttributeRow, ListRow, ObjectRow, OptionRow, StatusRow } from "../../db/queries/catalog.ts";
import type { Orm } from "../../db/client.ts";
import { renameHistory } from "../../db/queries/history.ts";
import { renameOutboxColumns } from "../../db/queries/outbox.ts";
import { bumpPlanVersion, ensureStream, findStreamBySource, renameStream } from "../../db/queries/streams.ts";
import type { StreamRow } from "../../db/queries/streams.ts";
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
 * Whether neither the table of an object or list nor what is noted of it needs a change, so that no lock need be waited for.
 *
 * @param existing the mirror's tables, read after the last change to this one
 */
export async function isInLine(
  tx: Tx,
  source: CatalogSource,
  existing: ExistingSchema,
  writes: LocalWrites,
): Promise<boolean> {
  const noted = await loadNoted(ormOf(tx), source);
  const plan = planSource(source, givenBy(noted), existing, writes);
  return (
    noted.stream?.stream === plan.stream &&
    plan.statements.length === 0 &&
    !isChange(findNews(source, plan, noted))
  );
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
    const [noted, existing] = await Promise.all([loadNoted(orm, source), introspect(tx)]);
    const plan = planSource(source, givenBy(noted), existing, writes);
    const news = findNews(source, plan, noted);
    await applyPlan(tx, orm, source, plan);
    await saveNews(tx, orm, source, plan, news);
    const changed = plan.statements.length > 0 || isChange(news);
    if (changed) await bumpPlanVersion(tx, plan.stream);
    return { stream: plan.stream, changed };
  });
}

/** What the control tables say of an object or list. */
interface Noted {
  row: ObjectRow | ListRow | undefined;
  stream: StreamRow | undefined;
  attributes: readonly AttributeRow[];
  options: readonly OptionRow[];
  statuses: readonly StatusRow[];
}

async function loadNoted(orm: Orm, source: CatalogSource): Promise<Noted> {
  const id = sourceId(source);
  const [row, stream, attributes, options, statuses] = await Promise.all([
    source.kind === "object" ? findObject(orm, id) : findList(orm, id),
    findStreamBySource(orm, id),
    findAttributes(orm, id),
    findOptions(orm, id),
    findStatuses(orm, id),
  ]);
  return { row, stream, attributes, options, statuses };
}

function givenBy({ row, stream, attributes }: Noted): GivenSource | undefined {
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

/** What is to be noted anew, and what has another name than before. */
interface News {
  row: ObjectRow | ListRow | undefined;
  attributes: readonly AttributeRow[];
  options: readonly OptionRow[];
  statuses: readonly StatusRow[];
  renamedSlugs: readonly { from: string; to: string }[];
  renamedTitles: readonly { attribute: CatalogAttribute; titles: readonly TitleChange[] }[];
}

/** Compares what Attio says with what is noted. Pure. */
function findNews(source: CatalogSource, plan: SourcePlan, noted: Noted): News {
  const row = { ...source.row, tableName: plan.table };
  const wanted = source.attributes.flatMap(({ description }) => {
    const names = plan.columns.get(description.attributeId);
    return names === undefined
      ? []
      : [{ ...description, columnName: names.column, sideColumns: names.sides }];
  });
  const attributes = compare(noted.attributes, wanted, (one) => one.attributeId);
  const options = compare(
    noted.options,
    source.attributes.flatMap((attribute) => attribute.options),
    (one) => one.attributeId + one.optionId,
  );
  const statuses = compare(
    noted.statuses,
    source.attributes.flatMap((attribute) => attribute.statuses),
    (one) => one.attributeId + one.statusId,
  );
  const titled: Change<{ attributeId: string; title: string }>[] = [...options, ...statuses];
  return {
    row: same(noted.row, row) ? undefined : row,
    attributes: attributes.map(({ now }) => now),
    options: options.map(({ now }) => now),
    statuses: statuses.map(({ now }) => now),
    renamedSlugs: renames(attributes, ({ apiSlug }) => apiSlug),
    renamedTitles: source.attributes.map((attribute) => ({
      attribute,
      titles: renames(
        titled.filter(({ now }) => now.attributeId === attribute.description.attributeId),
        ({ title }) => title,
      ),
    })),
  };
}

function isChange({ row, attributes, options, statuses }: News): boolean {
  return row !== undefined || attributes.length + options.length + statuses.length > 0;
}

interface Change<Row> {
  before: Row | undefined;
  now: Row;
}

/** The rows that are new or differ, each once: a listing that moves while it is read may show one twice. */
function compare<Row extends object>(
  noted: readonly Row[],
  wanted: readonly Row[],
  idOf: (row: Row) => string,
): Change<Row>[] {
  const known = new Map(noted.map((row) => [idOf(row), row]));
  const latest = new Map(wanted.map((row) => [idOf(row), row]));
  return [...latest]
    .map(([id, now]) => ({ before: known.get(id), now }))
    .filter(({ before, now }) => !same(before, now));
}

function renames<Row>(
  changes: readonly Change<Row>[],
  nameOf: (row: Row) => string,
): { from: string; to: string }[] {
  return changes
    .flatMap(({ before, now }) => (before === undefined ? [] : [{ from: nameOf(before), to: nameOf(now) }]))
    .filter(({ from, to }) => from !== to);
}

async function applyPlan(tx: Tx, orm: Orm, source: CatalogSource, plan: SourcePlan): Promise<void> {
  // One round trip: a new table has a comment for every column.
  if (plan.statements.length > 0) await tx.unsafe(plan.statements.join(";\n"));
  await renameOutboxColumns(tx, plan.formerStream, plan.renames);
  if (plan.formerStream !== plan.stream) await renameStream(tx, plan.formerStream, plan.stream);
  await ensureStream(orm, { stream: plan.stream, kind: source.kind, sourceId: sourceId(source) });
}

async function saveNews(
  tx: Tx,
  orm: Orm,
  source: CatalogSource,
  plan: SourcePlan,
  news: News,
): Promise<void> {
  if (news.row !== undefined) {
    if ("objectId" in news.row) await saveObject(orm, news.row);
    else await saveList(orm, news.row);
  }
  await saveAttributes(orm, news.attributes);
  await saveOptions(orm, news.options);
  await saveStatuses(orm, news.statuses);
  await renameHistory(tx, plan.stream, news.renamedSlugs);
  for (const { attribute, titles } of news.renamedTitles) {
    await renameIn(tx, source, plan, attribute, titles);
  }
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
function same(stored: object | undefined, wanted: object): boolean {
  return stored !== undefined && isDeepStrictEqual(comparable(stored), comparable(wanted));
}

function comparable(row: { createdAt?: unknown }): Record<string, unknown> {
  return { ...row, createdAt: typeof row.createdAt === "string" ? Date.parse(row.createdAt) : row.createdAt };
}
