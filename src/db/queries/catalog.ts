import { eq, getTableColumns, sql } from "drizzle-orm";
import type { SQL } from "drizzle-orm";
import type { PgTable } from "drizzle-orm/pg-core";
import { drizzle } from "drizzle-orm/postgres-js";
import type { Orm, Sql, Tx } from "../client.ts";
import { attributes, lists, objects, selectOptions, statuses } from "../control/index.ts";

export type AttributeRow = typeof attributes.$inferSelect;
export type OptionRow = typeof selectOptions.$inferSelect;
export type StatusRow = typeof statuses.$inferSelect;
export type ObjectRow = typeof objects.$inferSelect;
export type ListRow = typeof lists.$inferSelect;

/**
 * The ORM inside a transaction that postgres.js began. It wants a client with options to set parsers in, which a
 * transaction's handle lacks; the pool's own are set already.
 */
export function ormOf(tx: Tx): Orm {
  const client: unknown = Object.assign(tx, { options: { parsers: {}, serializers: {} } });
  return drizzle(client as Sql);
}

export async function findObject(orm: Orm, objectId: string): Promise<ObjectRow | undefined> {
  const [row] = await orm.select().from(objects).where(eq(objects.objectId, objectId));
  return row;
}

export function listObjects(orm: Orm): Promise<ObjectRow[]> {
  return orm.select().from(objects);
}

export async function findList(orm: Orm, listId: string): Promise<ListRow | undefined> {
  const [row] = await orm.select().from(lists).where(eq(lists.listId, listId));
  return row;
}

/** The attributes of one object or list, in a fixed order. */
export function findAttributes(orm: Orm, objectId: string): Promise<AttributeRow[]> {
  return orm
    .select()
    .from(attributes)
    .where(eq(attributes.objectId, objectId))
    .orderBy(attributes.attributeId);
}

export function findOptions(orm: Orm, objectId: string): Promise<OptionRow[]> {
  return orm.select().from(selectOptions).where(eq(selectOptions.objectId, objectId));
}

export function findStatuses(orm: Orm, objectId: string): Promise<StatusRow[]> {
  return orm.select().from(statuses).where(eq(statuses.objectId, objectId));
}

export async function saveObject(orm: Orm, row: ObjectRow): Promise<void> {
  await orm.insert(objects).values(row).onConflictDoUpdate({ target: objects.objectId, set: row });
}

export async function saveList(orm: Orm, row: ListRow): Promise<void> {
  await orm.insert(lists).values(row).onConflictDoUpdate({ target: lists.listId, set: row });
}

export async function saveAttributes(orm: Orm, rows: readonly AttributeRow[]): Promise<void> {
  const target = [attributes.objectId, attributes.attributeId];
  for (const values of chunksOf(rows))
    await orm
      .insert(attributes)
      .values(values)
      .onConflictDoUpdate({ target, set: excluded(attributes) });
}

export async function saveOptions(orm: Orm, rows: readonly OptionRow[]): Promise<void> {
  const target = [selectOptions.attributeId, selectOptions.optionId];
  for (const values of chunksOf(rows))
    await orm
      .insert(selectOptions)
      .values(values)
      .onConflictDoUpdate({ target, set: excluded(selectOptions) });
}

export async function saveStatuses(orm: Orm, rows: readonly StatusRow[]): Promise<void> {
  const target = [statuses.attributeId, statuses.statusId];
  for (const values of chunksOf(rows))
    await orm
      .insert(statuses)
      .values(values)
      .onConflictDoUpdate({ target, set: excluded(statuses) });
}

/** All columns, as the row that could not be inserted has them. */
function excluded(table: PgTable): Record<string, SQL> {
  return Object.fromEntries(
    Object.entries(getTableColumns(table)).map(([key, { name }]) => [
      key,
      sql`excluded.${sql.identifier(name)}`,
    ]),
  );
}

/** A statement takes 65,535 parameters at most, and an attribute is twenty. */
const ROWS_IN_STATEMENT = 500;

function chunksOf<Row>(rows: readonly Row[]): Row[][] {
  const count = Math.ceil(rows.length / ROWS_IN_STATEMENT);
  return Array.from({ length: count }, (_, index) =>
    rows.slice(index * ROWS_IN_STATEMENT, (index + 1) * ROWS_IN_STATEMENT),
  );
}

/** The slugs of all objects, by id. */
export async function readObjectSlugs(sql: Sql | Tx): Promise<Map<string, string>> {
  const rows = await sql<{ id: string; slug: string }[]>`
    SELECT object_id AS id, api_slug AS slug FROM attio.objects`;
  return new Map(rows.map(({ id, slug }) => [id, slug]));
}
