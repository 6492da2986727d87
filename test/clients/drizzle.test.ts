import { eq } from "drizzle-orm";
import { drizzle, type NodePgDatabase } from "drizzle-orm/node-postgres";
import {
  bigint,
  numeric,
  pgSchema,
  text,
  timestamp,
  uuid,
  type PgColumn,
  type PgTableWithColumns,
  type TableConfig,
} from "drizzle-orm/pg-core";
import pg from "pg";
import {
  MODELS,
  modelOf,
  withoutKey,
  type Cell,
  type Client,
  type ColumnType,
  type Model,
  type Row,
  type Session,
} from "./client.ts";
import { testClient } from "./run.ts";

type Table = PgTableWithColumns<TableConfig>;

/** What `drizzle-kit pull` writes for the types; its `mode` decides what a value is in JavaScript. */
const COLUMNS = {
  uuid: (name) => uuid(name),
  text: (name) => text(name),
  "text[]": (name) => text(name).array(),
  "uuid[]": (name) => uuid(name).array(),
  timestamptz: (name) => timestamp(name, { withTimezone: true, mode: "date" }),
  numeric: (name) => numeric(name),
  bigint: (name) => bigint(name, { mode: "bigint" }),
} satisfies Record<ColumnType, (name: string) => unknown>;

const attio = pgSchema("attio");

const TABLES = new Map(Object.entries(MODELS).map(([name, model]) => [name, tableOf(model)]));

function tableOf({ table, key, columns }: Model): Table {
  const built = Object.entries(columns).map(([name, type]) => [
    name,
    name === key ? uuid(name).primaryKey().defaultRandom() : COLUMNS[type](name),
  ]);
  return attio.table(table, Object.fromEntries(built) as Record<string, never>);
}

testClient("Drizzle", (databaseUrl) => {
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 2 });
  const db = drizzle({ client: pool });
  const client: Client = {
    ...createSession(db),
    transaction: (work) => db.transaction((tx) => work(createSession(tx))),
    spent: { save: 0, update: 0, remove: 0 },
    close: () => pool.end(),
  };
  return Promise.resolve(client);
});

type Db = Pick<NodePgDatabase, "insert" | "select" | "update" | "delete">;

function createSession(db: Db): Session {
  const places = (model: string): { table: Table; key: PgColumn } => {
    const table = TABLES.get(model);
    if (table === undefined) throw new Error(`no model ${model}`);
    return { table, key: columnOf(table, modelOf(model).key) };
  };
  const updateWhere = async (table: Table, column: PgColumn, value: Cell, change: Row) => {
    const { rowCount } = await db.update(table).set(change).where(eq(column, value));
    return rowCount ?? undefined;
  };
  const update = (model: string, id: string, change: Row) => {
    const { table, key } = places(model);
    return updateWhere(table, key, id, change);
  };
  return {
    update,
    insert: async (model, row) => {
      const { table, key } = places(model);
      const [made] = await db.insert(table).values(row).returning({ key });
      return made?.key as string;
    },
    insertMany: async (model, rows) => {
      await db.insert(places(model).table).values([...rows]);
    },
    load: async (model, id) => {
      const { table, key } = places(model);
      const [row] = (await db.select().from(table).where(eq(key, id))) as Row[];
      return { row: row ?? {}, save: (change) => update(model, id, { ...row, ...change }) };
    },
    upsert: async (model, row) => {
      const { table, key } = places(model);
      await db
        .insert(table)
        .values(row)
        .onConflictDoUpdate({ target: key, set: withoutKey(model, row) });
    },
    updateMany: (model, where, change) => {
      const [[column, value] = ["", null]] = Object.entries(where);
      const { table } = places(model);
      return updateWhere(table, columnOf(table, column), value, change);
    },
    remove: async (model, id) => {
      const { table, key } = places(model);
      const { rowCount } = await db.delete(table).where(eq(key, id));
      return rowCount ?? undefined;
    },
  };
}

function columnOf(table: Table, name: string): PgColumn {
  const column = table[name];
  if (column === undefined) throw new Error(`no column ${name}`);
  return column;
}
