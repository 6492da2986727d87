import knex, { type Knex } from "client-knex";
import { modelOf, type Client, type Row, type Session } from "./client.ts";
import { testClient } from "./run.ts";

testClient("Knex", (databaseUrl) => {
  const db = knex({ client: "pg", connection: databaseUrl, pool: { min: 0, max: 2 }, searchPath: ["attio"] });
  const client: Client = {
    ...createSession(db),
    transaction: (work) => db.transaction((tx) => work(createSession(tx))),
    spent: { save: 0, update: 0, remove: 0 },
    close: () => db.destroy(),
  };
  return Promise.resolve(client);
});

function createSession(db: Knex): Session {
  const rowsOf = (model: string, where: Row = {}) => db<Row>(modelOf(model).table).where(where);
  const updateWhere = async (model: string, where: Row, change: Row) => rowsOf(model, where).update(change);
  const update = (model: string, key: string, change: Row) =>
    updateWhere(model, { [modelOf(model).key]: key }, change);
  return {
    update,
    updateMany: updateWhere,
    insert: async (model, row) => {
      const { key } = modelOf(model);
      const [made]: Row[] = await rowsOf(model).insert(row).returning(key);
      return made?.[key] as string;
    },
    insertMany: async (model, rows) => {
      await rowsOf(model).insert([...rows]);
    },
    load: async (model, id) => {
      const { key, columns } = modelOf(model);
      const row: Row = await rowsOf(model, { [key]: id }).first(Object.keys(columns));
      return { row, save: (change) => update(model, id, { ...row, ...change }) };
    },
    upsert: async (model, row) => {
      await db(modelOf(model).table).insert(row).onConflict(modelOf(model).key).merge();
    },
    remove: async (model, key) => rowsOf(model, { [modelOf(model).key]: key }).delete(),
  };
}
