import { Kysely, PostgresDialect } from "client-kysely";
import pg from "pg";
import { modelOf, withoutKey, type Client, type Row, type Session } from "./client.ts";
import { testClient } from "./run.ts";

/** The tests name tables and columns by variables, so that the schema's type says only that they are rows. */
type Tables = Record<string, Record<string, unknown>>;

testClient("Kysely", (databaseUrl) => {
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 2 });
  const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) }).withSchema("attio");
  const client: Client = {
    ...createSession(db),
    transaction: (work) => db.transaction().execute((tx) => work(createSession(tx.withSchema("attio")))),
    spent: { save: 0, update: 0, remove: 0 },
    close: () => db.destroy(),
  };
  return Promise.resolve(client);
});

function createSession(db: Kysely<Tables>): Session {
  const updateWhere = async (model: string, where: Row, change: Row) => {
    const [[column, value] = ["", null]] = Object.entries(where);
    const { numUpdatedRows } = await db
      .updateTable(modelOf(model).table)
      .set(change)
      .where(column, "=", value)
      .executeTakeFirst();
    return Number(numUpdatedRows);
  };
  const update = (model: string, key: string, change: Row) =>
    updateWhere(model, { [modelOf(model).key]: key }, change);
  return {
    update,
    updateMany: updateWhere,
    insert: async (model, row) => {
      const { table, key } = modelOf(model);
      const made = await db.insertInto(table).values(row).returning(key).executeTakeFirstOrThrow();
      return made[key] as string;
    },
    insertMany: async (model, rows) => {
      await db.insertInto(modelOf(model).table).values(rows).execute();
    },
    load: async (model, id) => {
      const { table, key, columns } = modelOf(model);
      const row = (await db
        .selectFrom(table)
        .select(Object.keys(columns))
        .where(key, "=", id)
        .executeTakeFirstOrThrow()) as Row;
      return { row, save: (change) => update(model, id, { ...row, ...change }) };
    },
    upsert: async (model, row) => {
      const { table, key } = modelOf(model);
      await db
        .insertInto(table)
        .values(row)
        .onConflict((conflict) => conflict.column(key).doUpdateSet(withoutKey(model, row)))
        .execute();
    },
    remove: async (model, key) => {
      const { numDeletedRows } = await db
        .deleteFrom(modelOf(model).table)
        .where(modelOf(model).key, "=", key)
        .executeTakeFirst();
      return Number(numDeletedRows);
    },
  };
}
