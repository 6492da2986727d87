import { eq } from "drizzle-orm";
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

export async function saveAttribute(orm: Orm, row: AttributeRow): Promise<void> {
  await orm
    .insert(attributes)
    .values(row)
    .onConflictDoUpdate({ target: [attributes.objectId, attributes.attributeId], set: row });
}

export async function saveOption(orm: Orm, row: OptionRow): Promise<void> {
  await orm
    .insert(selectOptions)
    .values(row)
    .onConflictDoUpdate({ target: [selectOptions.attributeId, selectOptions.optionId], set: row });
}

export async function saveStatus(orm: Orm, row: StatusRow): Promise<void> {
  await orm
    .insert(statuses)
    .values(row)
    .onConflictDoUpdate({ target: [statuses.attributeId, statuses.statusId], set: row });
}
