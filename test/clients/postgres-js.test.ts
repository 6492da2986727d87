import postgres from "postgres";
import { modelOf, withoutKey, type Client, type Row, type Session } from "./client.ts";
import { testClient } from "./run.ts";

testClient("postgres.js", (databaseUrl) => {
  const sql = postgres(databaseUrl, { max: 2, onnotice: () => undefined });
  const client: Client = {
    ...createSession(sql),
    transaction: async (work) => {
      await sql.begin((tx) => work(createSession(tx)));
    },
    // A statement by an id that is gone finds nothing, and says so only by its count.
    spent: { save: 0, update: 0, remove: 0 },
    close: () => sql.end(),
  };
  return Promise.resolve(client);
});

function createSession(sql: postgres.ISql): Session {
  const tableOf = (model: string) => sql(`attio.${modelOf(model).table}`);
  const update = async (model: string, key: string, change: Row) => {
    const { count } = await sql`
      UPDATE ${tableOf(model)} SET ${sql(change)} WHERE ${sql(modelOf(model).key)} = ${key}`;
    return count;
  };
  return {
    update,
    insert: async (model, row) => {
      const { key } = modelOf(model);
      const [made] = await sql`INSERT INTO ${tableOf(model)} ${sql(row)} RETURNING ${sql(key)} AS key`;
      return made?.["key"] as string;
    },
    insertMany: async (model, rows) => {
      await sql`INSERT INTO ${tableOf(model)} ${sql(rows as Row[])}`;
    },
    load: async (model, id) => {
      const { key, columns } = modelOf(model);
      const [row] = await sql<Row[]>`
        SELECT ${sql(Object.keys(columns))} FROM ${tableOf(model)} WHERE ${sql(key)} = ${id}`;
      return { row: row ?? {}, save: (change) => update(model, id, { ...row, ...change }) };
    },
    upsert: async (model, row) => {
      await sql`
        INSERT INTO ${tableOf(model)} ${sql(row)}
        ON CONFLICT (${sql(modelOf(model).key)}) DO UPDATE SET ${sql(withoutKey(model, row))}`;
    },
    updateMany: async (model, where, change) => {
      const [[column, value] = ["", null]] = Object.entries(where);
      const { count } = await sql`
        UPDATE ${tableOf(model)} SET ${sql(change)} WHERE ${sql(column)} = ${value}`;
      return count;
    },
    remove: async (model, key) => {
      const { count } = await sql`DELETE FROM ${tableOf(model)} WHERE ${sql(modelOf(model).key)} = ${key}`;
      return count;
    },
  };
}
