import pg from "pg";
import { modelOf, withoutKey, type Client, type Row, type Session } from "./client.ts";
import { testClient } from "./run.ts";

testClient("pg", (databaseUrl) => {
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 2 });
  const client: Client = {
    ...createSession(pool),
    transaction: async (work) => {
      const connection = await pool.connect();
      try {
        await connection.query("BEGIN");
        await work(createSession(connection));
        await connection.query("COMMIT");
      } catch (error) {
        await connection.query("ROLLBACK");
        throw error;
      } finally {
        connection.release();
      }
    },
    spent: { save: 0, update: 0, remove: 0 },
    close: () => pool.end(),
  };
  return Promise.resolve(client);
});

const quoted = (columns: readonly string[]) =>
  columns.map((column) => pg.escapeIdentifier(column)).join(", ");
const tableOf = (model: string) => `attio.${pg.escapeIdentifier(modelOf(model).table)}`;
/** `"name" = $3, "value" = $4` */
const assignments = (change: Row, from: number) =>
  Object.keys(change)
    .map((column, index) => `${pg.escapeIdentifier(column)} = $${from + index}`)
    .join(", ");

function createSession(connection: pg.Pool | pg.PoolClient): Session {
  const updateWhere = async (model: string, column: string, value: unknown, change: Row) => {
    const { rowCount } = await connection.query(
      `UPDATE ${tableOf(model)} SET ${assignments(change, 2)} WHERE ${pg.escapeIdentifier(column)} = $1`,
      [value, ...Object.values(change)],
    );
    return rowCount ?? undefined;
  };
  const update = (model: string, key: string, change: Row) =>
    updateWhere(model, modelOf(model).key, key, change);
  const insert = async (model: string, rows: readonly Row[], end: string) => {
    const columns = Object.keys(rows[0] ?? {});
    const places = rows.map(
      (_, row) => `(${columns.map((_column, index) => `$${row * columns.length + index + 1}`).join(", ")})`,
    );
    const { rows: made } = await connection.query<Row>(
      `INSERT INTO ${tableOf(model)} (${quoted(columns)}) VALUES ${places.join(", ")} ${end}`,
      rows.flatMap((row) => columns.map((column) => row[column])),
    );
    return made;
  };
  return {
    update,
    insert: async (model, row) => {
      const { key } = modelOf(model);
      const [made] = await insert(model, [row], `RETURNING ${pg.escapeIdentifier(key)}`);
      return made?.[key] as string;
    },
    insertMany: async (model, rows) => {
      await insert(model, rows, "");
    },
    load: async (model, id) => {
      const { key, columns } = modelOf(model);
      const { rows } = await connection.query<Row>(
        `SELECT ${quoted(Object.keys(columns))} FROM ${tableOf(model)} WHERE ${pg.escapeIdentifier(key)} = $1`,
        [id],
      );
      return { row: rows[0] ?? {}, save: (change) => update(model, id, { ...rows[0], ...change }) };
    },
    upsert: async (model, row) => {
      const sets = Object.keys(withoutKey(model, row)).map(
        (column) => `${pg.escapeIdentifier(column)} = EXCLUDED.${pg.escapeIdentifier(column)}`,
      );
      await insert(model, [row], `ON CONFLICT (${modelOf(model).key}) DO UPDATE SET ${sets.join(", ")}`);
    },
    updateMany: (model, where, change) => {
      const [[column, value] = ["", null]] = Object.entries(where);
      return updateWhere(model, column, value, change);
    },
    remove: async (model, key) => {
      const { rowCount } = await connection.query(
        `DELETE FROM ${tableOf(model)} WHERE ${pg.escapeIdentifier(modelOf(model).key)} = $1`,
        [key],
      );
      return rowCount ?? undefined;
    },
  };
}
