import { sql } from "drizzle-orm";
import {
  boolean,
  date,
  doublePrecision,
  numeric,
  pgTable,
  smallint,
  text,
  timestamp,
  uuid,
} from "drizzle-orm/pg-core";
import type { PgColumnBuilderBase, PgTableWithColumns, TableConfig } from "drizzle-orm/pg-core";
import { openDatabase } from "../../../src/db/index.ts";
import { BENCH_OBJECT } from "../../support/sandbox.ts";
import { headersOf, PAGE_SIZE, pageRequest, readAttributes } from "../bench-object.ts";
import type { BenchRecord } from "../bench-object.ts";
import type { Arena, Contestant } from "../contestant.ts";
import { flatColumns } from "../flat-row.ts";
import type { Cell, FlatColumn } from "../flat-row.ts";

type Row = Record<string, Cell>;

const BUILDERS: Readonly<Record<string, (name: string) => PgColumnBuilderBase>> = {
  text: (name) => text(name),
  "text[]": (name) => text(name).array(),
  "double precision": (name) => doublePrecision(name),
  boolean: (name) => boolean(name),
  numeric: (name) => numeric(name),
  date: (name) => date(name),
  timestamptz: (name) => timestamp(name, { withTimezone: true, mode: "string" }),
  smallint: (name) => smallint(name),
  uuid: (name) => uuid(name).primaryKey(),
};

/** A loop as one would write it first: page by page, an upsert of the ORM's for each page. */
export const loopByPage: Contestant = (arena) => loop(arena, (rows) => (rows.length === 0 ? [] : [rows]));

/** The same with an upsert for each record. */
export const loopByRecord: Contestant = (arena) => loop(arena, (rows) => rows.map((row) => [row]));

async function loop({ place, databaseUrl }: Arena, split: (rows: Row[]) => Row[][]): ReturnType<Contestant> {
  const columns = flatColumns(await readAttributes(place));
  const db = await openDatabase(databaseUrl);
  await db.sql`DROP TABLE IF EXISTS loop`;
  await db.sql.unsafe(`CREATE TABLE loop (${columns.map(definition).join(", ")})`);
  const table = tableOf(columns);
  const { record_id: target } = table;
  if (target === undefined) throw new Error("the table has no key");
  const set = Object.fromEntries(
    columns.filter(({ name }) => name !== "record_id").map(({ name }) => [name, sql.raw(`excluded.${name}`)]),
  );
  return {
    go: async () => {
      for (let offset = 0; ; offset += PAGE_SIZE) {
        const records = await fetchRecords(place, offset);
        const rows = records.map((record) =>
          Object.fromEntries(columns.map(({ name, read }) => [name, read(record)])),
        );
        for (const values of split(rows)) {
          await db.orm.insert(table).values(values).onConflictDoUpdate({ target, set });
        }
        if (records.length < PAGE_SIZE) return offset + records.length;
      }
    },
    close: () => db.close(),
  };
}

async function fetchRecords(place: Arena["place"], offset: number): Promise<BenchRecord[]> {
  const answer = await fetch(`${place.url}/v2/objects/${BENCH_OBJECT}/records/query`, {
    method: "POST",
    headers: headersOf(place),
    body: pageRequest(offset),
  });
  const { data } = (await answer.json()) as { data: BenchRecord[] };
  return data;
}

function definition({ name, type }: FlatColumn): string {
  return name === "record_id" ? `${name} ${type} PRIMARY KEY` : `${name} ${type}`;
}

function tableOf(columns: readonly FlatColumn[]): PgTableWithColumns<TableConfig> {
  const builders = columns.map(({ name, type }) => {
    const build = BUILDERS[type];
    if (build === undefined) throw new Error(`no column builder for ${type}`);
    return [name, build(name)] as const;
  });
  return pgTable("loop", Object.fromEntries(builders));
}
