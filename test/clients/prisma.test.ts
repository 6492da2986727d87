import { PrismaPg } from "@prisma/adapter-pg";
import { getPrismaClient } from "client-prisma/runtime/client";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { modelOf, withoutKey, type Cell, type Client, type Row, type Session } from "./client.ts";
import { testClient } from "./run.ts";

/** What the tests use of a model of a generated client, whose own types are not kept here. */
interface Delegate {
  create(options: { data: Row }): Promise<Row>;
  createMany(options: { data: readonly Row[] }): Promise<{ count: number }>;
  findUniqueOrThrow(options: { where: Row; select: Row }): Promise<Row>;
  update(options: { where: Row; data: Row }): Promise<Row>;
  updateMany(options: { where: Row; data: Row }): Promise<{ count: number }>;
  upsert(options: { where: Row; create: Row; update: Row }): Promise<Row>;
  delete(options: { where: Row }): Promise<Row>;
}

/** `@types/node` has WebAssembly as a namespace of types only. */
const { Module: WasmModule } = (
  globalThis as unknown as { WebAssembly: { Module: new (bytes: Buffer) => never } }
).WebAssembly;

interface Generated {
  clientVersion: string;
  engineVersion: string;
  runtimeDataModel: string;
  strings: string;
  graph: string;
}

const COMPILER = "client-prisma/runtime/query_compiler_fast_bg.postgresql";

testClient("Prisma", (databaseUrl) => {
  const prisma = createPrisma(databaseUrl);
  const client: Client = {
    ...createSession(prisma),
    transaction: async (work) => {
      await prisma.$transaction((tx: object) => work(createSession(tx)), { timeout: 60_000 });
    },
    spent: {
      save: "No record was found for an update",
      update: "No record was found for an update",
      remove: "No record was found for a delete",
      // It writes ON CONFLICT (record_id) DO UPDATE … WHERE record_id = <the spent id>.
      upsert: "nothing",
    },
    close: () => prisma.$disconnect(),
  };
  return Promise.resolve(client);
});

/** As the client does that `prisma generate` writes; `generated.json` is what it writes of `schema.prisma`. */
function createPrisma(connectionString: string) {
  const read = (name: string) => readFileSync(join(import.meta.dirname, "prisma", name), "utf8");
  const { runtimeDataModel, strings, graph, ...versions } = JSON.parse(read("generated.json")) as Generated;
  type Config = Parameters<typeof getPrismaClient>[0];
  const PrismaClient = getPrismaClient({
    ...versions,
    previewFeatures: [],
    activeProvider: "postgresql",
    inlineSchema: read("schema.prisma"),
    runtimeDataModel: JSON.parse(runtimeDataModel) as Config["runtimeDataModel"],
    parameterizationSchema: { strings: JSON.parse(strings) as string[], graph },
    compilerWasm: {
      getRuntime: () =>
        import(`${COMPILER}.mjs`) as ReturnType<NonNullable<Config["compilerWasm"]>["getRuntime"]>,
      getQueryCompilerWasmModule: async () => {
        const { wasm } = (await import(`${COMPILER}.wasm-base64.mjs`)) as { wasm: string };
        return new WasmModule(Buffer.from(wasm, "base64"));
      },
      importName: "./query_compiler_fast_bg.js",
    },
  });
  return new PrismaClient({ adapter: new PrismaPg({ connectionString, max: 2 }) });
}

/** Prisma has two models of one table for an error, so that both keys are of one model. */
const delegateOf = (prisma: object, model: string): Delegate =>
  (prisma as Record<string, Delegate>)[model === "own_deals" ? "deals" : model] as Delegate;

/** Prisma takes no name that begins with `_`: `synced_at @map("_synced_at")`. */
const fieldsOf = (row: Row): Row =>
  Object.fromEntries(Object.entries(row).map(([column, value]) => [column.replace(/^_/, ""), value]));

function createSession(prisma: object): Session {
  const byKey = (model: string, id: string): Record<string, Cell> => ({ [modelOf(model).key]: id });
  const update = async (model: string, id: string, change: Row) => {
    await delegateOf(prisma, model).update({ where: byKey(model, id), data: fieldsOf(change) });
    return undefined;
  };
  return {
    update,
    insert: async (model, row) => {
      const made = await delegateOf(prisma, model).create({ data: row });
      return made[modelOf(model).key] as string;
    },
    insertMany: async (model, rows) => {
      await delegateOf(prisma, model).createMany({ data: rows });
    },
    load: async (model, id) => {
      const columns = Object.keys(modelOf(model).columns).map((column): [string, Cell] => [column, true]);
      const select = fieldsOf(Object.fromEntries(columns));
      const row = await delegateOf(prisma, model).findUniqueOrThrow({ where: byKey(model, id), select });
      return { row, save: (change) => update(model, id, { ...row, ...change }) };
    },
    upsert: async (model, row) => {
      const id = row[modelOf(model).key] as string;
      const change = withoutKey(model, row);
      await delegateOf(prisma, model).upsert({ where: byKey(model, id), create: row, update: change });
    },
    updateMany: async (model, where, change) => {
      const { count } = await delegateOf(prisma, model).updateMany({ where, data: fieldsOf(change) });
      return count;
    },
    remove: async (model, id) => {
      await delegateOf(prisma, model).delete({ where: byKey(model, id) });
      return undefined;
    },
  };
}
