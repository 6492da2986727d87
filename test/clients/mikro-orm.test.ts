import {
  EntitySchema,
  MikroORM,
  types,
  type EntityManager,
  type EntitySchemaProperty,
} from "@mikro-orm/postgresql";
import {
  MODELS,
  modelOf,
  type Client,
  type ColumnType,
  type Model,
  type Row,
  type Session,
} from "./client.ts";
import { testClient } from "./run.ts";

type Property = EntitySchemaProperty<unknown, unknown>;

const PROPERTIES = {
  uuid: { type: types.uuid, nullable: true },
  text: { type: types.text, nullable: true },
  "text[]": { type: types.array, columnType: "text[]", nullable: true },
  "uuid[]": { type: types.array, columnType: "uuid[]", nullable: true },
  timestamptz: { type: types.datetime, columnType: "timestamptz", nullable: true },
  numeric: { type: types.decimal, nullable: true },
  bigint: { type: types.bigint, nullable: true },
} satisfies Record<ColumnType, Property>;

function entityOf(name: string, { table, key, columns }: Model): EntitySchema {
  const properties = Object.entries(columns).map(([column, type]) => [
    column,
    {
      ...(column === key
        ? { type: types.uuid, primary: true, defaultRaw: "gen_random_uuid()" }
        : PROPERTIES[type]),
      fieldName: column,
    },
  ]);
  return new EntitySchema({
    name,
    schema: "attio",
    tableName: table,
    properties: Object.fromEntries(properties) as Record<string, Property>,
  });
}

testClient("MikroORM", async (databaseUrl) => {
  const orm = await MikroORM.init({
    clientUrl: databaseUrl,
    entities: Object.entries(MODELS).map(([name, model]) => entityOf(name, model)),
    pool: { min: 0, max: 2 },
    // Two entities are of one table here.
    discovery: { checkDuplicateTableNames: false },
  });
  return {
    ...createSession(() => orm.em.fork()),
    transaction: (work) => orm.em.fork().transactional((em) => work(createSession(() => em))),
    // flush() does not look at the number of rows.
    spent: { save: undefined, update: 0, remove: 0 },
    close: () => orm.close(true),
  } satisfies Client;
});

/** @param fork Gives the unit of work: a new one for each act outside of a transaction, as for each request of a server. */
function createSession(fork: () => EntityManager): Session {
  const updateWhere = (model: string, where: Row, change: Row) => fork().nativeUpdate(model, where, change);
  return {
    updateMany: updateWhere,
    update: (model, id, change) => updateWhere(model, { [modelOf(model).key]: id }, change),
    insert: async (model, row) => {
      const em = fork();
      const entity = em.create<Record<string, unknown>>(model, row);
      await em.persist(entity).flush();
      return entity[modelOf(model).key] as string;
    },
    insertMany: async (model, rows) => {
      await fork().insertMany(model, [...rows]);
    },
    load: async (model, id) => {
      const em = fork();
      const entity = await em.findOneOrFail<Record<string, unknown>>(model, { [modelOf(model).key]: id });
      return {
        row: entity as Row,
        save: async (change) => {
          Object.assign(entity, change);
          await em.flush();
          return undefined;
        },
      };
    },
    upsert: async (model, row) => {
      await fork().upsert(model, row);
    },
    remove: (model, id) => fork().nativeDelete(model, { [modelOf(model).key]: id }),
  };
}
