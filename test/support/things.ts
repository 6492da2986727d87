import type { Sql } from "../../src/db/index.ts";
import { planVersion } from "../../src/db/queries/streams.ts";
import type { AttributeInput, Item, Values } from "../../src/sandbox/index.ts";
import type { ApplyTarget } from "../../src/sync/apply/target.ts";
import { backfill, type BackfillOptions, type StreamResult } from "../../src/sync/backfill/index.ts";
import type { SyncDeps } from "../../src/sync/deps.ts";
import { rowHash, type MappedRow } from "../../src/sync/mapping/row.ts";
import type { Mirror } from "./mirror.ts";

/** A custom object of a mirror's workspace; its stream and its table are named as it is. */
export interface Things {
  readonly slug: string;
  create(values: Values): Item;
  update(id: string, values: Values): void;
  remove(id: string): void;
  /** Backfills its stream alone. */
  backfill(options?: BackfillOptions, deps?: Partial<SyncDeps>): Promise<StreamResult>;
  /** Its rows, deleted ones included, by id. */
  rows(): Promise<Map<string, Record<string, unknown>>>;
  /** The table as it is now. */
  target(): Promise<ApplyTarget>;
}

let made = 0;

/** Adds an object with an attribute `name` and those given; many tests can share one mirror so. */
export function addThings(mirror: Mirror, attributes: readonly AttributeInput[] = []): Things {
  const slug = `things_${++made}`;
  const { sandbox, db, deps } = mirror;
  const { store } = sandbox;
  store.createObject({ slug, singular: "Thing", plural: "Things" });
  for (const attribute of [{ slug: "name", type: "text" }, ...attributes])
    store.createAttribute(slug, attribute);
  return {
    slug,
    create: (values) => store.createRecord(slug, values),
    update: (id, values) => void store.updateRecord(slug, id, values),
    remove: (id) => store.deleteRecord(slug, id),
    backfill: async (options = {}, other = {}) => {
      const [result] = await backfill({ ...deps, ...other }, { ...options, streams: [slug] });
      if (result === undefined) throw new Error("a backfill of one stream came to nothing");
      return result;
    },
    rows: async () => {
      const rows = await db.sql<{ record_id: string }[]>`SELECT * FROM ${db.sql("attio")}.${db.sql(slug)}`;
      return new Map(rows.map((row) => [row.record_id, row]));
    },
    target: async () => {
      const version = await planVersion(db.sql, slug);
      if (version === undefined) throw new Error(`${slug} is not mirrored`);
      return { stream: slug, table: slug, key: "record_id", version, tracked: [] };
    },
  };
}

/** A row as a fetch would map it; equal columns have equal hashes. */
export function mappedThing(id: string, columns: Record<string, unknown>): MappedRow {
  return { id, hash: rowHash(JSON.stringify(columns)), columns, droppedCharacters: 0 };
}

/** Puts a value where no client could: as Attio's own data might hold it. */
export function plant(
  { sandbox }: Mirror,
  item: Item,
  slug: string,
  fields: Record<string, string | number>,
): void {
  const attribute = sandbox.store.attribute(item.container, slug);
  const actor = { type: "system", id: null } as const;
  item.slots.set(attribute.id, {
    active: [{ from: item.createdAt, until: null, actor, fields }],
    past: [],
  });
  item.json = undefined;
}

/** What is marked as to be fetched again. */
export async function dirtyIds(sql: Sql, stream: string): Promise<string[]> {
  const rows = await sql<{ id: string }[]>`
    SELECT id FROM attio_sync.dirty WHERE stream = ${stream} ORDER BY id`;
  return rows.map((row) => row.id);
}

/** Why rows were set aside, by id. */
export async function setAsideCodes(sql: Sql, stream: string): Promise<Map<string, string>> {
  const rows = await sql<{ id: string; code: string }[]>`
    SELECT id, code FROM attio_sync.set_aside WHERE stream = ${stream}`;
  return new Map(rows.map((row) => [row.id, row.code]));
}

/** Waits until some connection of this database waits for a lock. */
export async function someoneWaits(sql: Sql): Promise<void> {
  await eventually(async () => {
    const [row] = await sql<{ waiting: number }[]>`
      SELECT count(*) AS waiting FROM pg_stat_activity
      WHERE datname = current_database() AND wait_event_type = 'Lock'`;
    return (row?.waiting ?? 0) > 0;
  });
}

/** Asks again and again until the answer is yes. */
export async function eventually(isSo: () => Promise<boolean> | boolean): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, 5));
}
