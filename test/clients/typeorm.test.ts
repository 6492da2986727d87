import {
  DataSource,
  EntitySchema,
  EntitySchemaOptions,
  type EntityManager,
  type EntitySchemaColumnOptions,
} from "typeorm";
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

const COLUMNS: Record<ColumnType, EntitySchemaColumnOptions> = {
  uuid: { type: "uuid", nullable: true },
  text: { type: "text", nullable: true },
  "text[]": { type: "text", array: true, nullable: true },
  "uuid[]": { type: "uuid", array: true, nullable: true },
  timestamptz: { type: "timestamptz", nullable: true },
  numeric: { type: "numeric", nullable: true },
  bigint: { type: "bigint", nullable: true },
};

function entityOf(name: string, { table, key, columns }: Model): EntitySchema<Row> {
  const built = Object.entries(columns).map(([column, type]) => [
    column,
    column === key ? { type: "uuid", primary: true, generated: "uuid" } : COLUMNS[type],
  ]);
  const options = Object.assign(new EntitySchemaOptions<Row>(), {
    name,
    schema: "attio",
    tableName: table,
    columns: Object.fromEntries(built) as Record<string, EntitySchemaColumnOptions>,
  });
  return new EntitySchema<Row>(options);
}

testClient("TypeORM", async (databaseUrl) => {
  const entities = Object.entries(MODELS).map(([name, model]) => entityOf(name, model));
  const source = new DataSource({ type: "postgres", url: databaseUrl, poolSize: 2, entities });
  await source.initialize();
  return {
    ...createSession(source.manager),
    transaction: (work) => source.transaction((manager) => work(createSession(manager))),
    // save() looks the object up by its key and, since there is none, inserts it.
    spent: { save: "duplicate key", update: 0, remove: 0 },
    close: () => source.destroy(),
  } satisfies Client;
});

function createSession(manager: EntityManager): Session {
  const byKey = (model: string, id: string) => ({ [modelOf(model).key]: id });
  const updateWhere = async (model: string, where: Row, change: Row) => {
    const { affected } = await manager.update(model, where, change);
    return affected;
  };
  return {
    updateMany: updateWhere,
    update: (model, id, change) => updateWhere(model, byKey(model, id), change),
    insert: async (model, row) => {
      const { identifiers } = await manager.insert(model, row);
      return (identifiers[0] as Row | undefined)?.[modelOf(model).key] as string;
    },
    insertMany: async (model, rows) => {
      await manager.insert(model, [...rows]);
    },
    load: async (model, id) => {
      const entity = await manager.findOneByOrFail<Row>(model, byKey(model, id));
      return {
        row: entity,
        save: async (change) => {
          await manager.save(model, Object.assign(entity, change));
          return undefined;
        },
      };
    },
    upsert: async (model, row) => {
      await manager.upsert(model, row, [modelOf(model).key]);
    },
    remove: async (model, id) => {
      const { affected } = await manager.delete(model, byKey(model, id));
      return affected ?? undefined;
    },
  };
}
