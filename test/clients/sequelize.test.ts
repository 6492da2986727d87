import {
  DataTypes,
  Sequelize,
  type DataType,
  type Model as SequelizeModel,
  type ModelStatic,
  type Transaction,
} from "sequelize";
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

type Instance = SequelizeModel<Row, Row>;

const TYPES: Record<ColumnType, DataType> = {
  uuid: DataTypes.UUID,
  text: DataTypes.TEXT,
  "text[]": DataTypes.ARRAY(DataTypes.TEXT),
  "uuid[]": DataTypes.ARRAY(DataTypes.UUID),
  timestamptz: DataTypes.DATE,
  numeric: DataTypes.DECIMAL,
  bigint: DataTypes.BIGINT,
};

function define(sequelize: Sequelize, name: string, { table, key, columns }: Model): ModelStatic<Instance> {
  const attributes = Object.entries(columns).map(([column, type]) => [
    column,
    column === key
      ? { type: TYPES[type], primaryKey: true, defaultValue: Sequelize.literal("gen_random_uuid()") }
      : { type: TYPES[type] },
  ]);
  return sequelize.define<Instance>(
    name,
    Object.fromEntries(attributes) as Record<string, { type: DataType }>,
    // Without this it would have columns createdAt and updatedAt.
    { schema: "attio", tableName: table, timestamps: false },
  );
}

testClient("Sequelize", (databaseUrl) => {
  const sequelize = new Sequelize(databaseUrl, { dialect: "postgres", logging: false, pool: { max: 2 } });
  for (const [name, model] of Object.entries(MODELS)) define(sequelize, name, model);
  const client: Client = {
    ...createSession(sequelize, null),
    transaction: (work) =>
      sequelize.transaction((transaction) => work(createSession(sequelize, transaction))),
    // save() does not look at the number of rows.
    spent: { save: undefined, update: 0, remove: 0 },
    close: () => sequelize.close(),
  };
  return Promise.resolve(client);
});

function createSession(sequelize: Sequelize, transaction: Transaction | null): Session {
  const modelFor = (model: string) => sequelize.model(model) as ModelStatic<Instance>;
  const updateWhere = async (model: string, where: Row, change: Row) => {
    const [affected] = await modelFor(model).update(change, { where, transaction });
    return affected;
  };
  return {
    updateMany: updateWhere,
    update: (model, id, change) => updateWhere(model, { [modelOf(model).key]: id }, change),
    insert: async (model, row) => {
      const made = await modelFor(model).create(row, { transaction });
      return made.get(modelOf(model).key) as string;
    },
    insertMany: async (model, rows) => {
      await modelFor(model).bulkCreate(rows, { transaction });
    },
    load: async (model, id) => {
      const instance = await modelFor(model).findByPk(id, { transaction, rejectOnEmpty: true });
      return {
        row: instance.get({ plain: true }),
        save: async (change) => {
          await instance.update(change, { transaction });
          return undefined;
        },
      };
    },
    upsert: async (model, row) => {
      await modelFor(model).upsert(row, { transaction });
    },
    remove: (model, id) => modelFor(model).destroy({ where: { [modelOf(model).key]: id }, transaction }),
  };
}
