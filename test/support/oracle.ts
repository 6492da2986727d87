import type { Sql } from "../../src/db/client.ts";
import { at, openApi, textAt, type Api, type Json, type Workspace } from "./oracle-api.ts";
import { expectCatalog, readSources, type Source } from "./oracle-catalog.ts";
import { RESOURCE_TABLES, type ExpectedRow, type Places } from "./oracle-resources.ts";
import { canonical, expectColumns, stored, type Expected } from "./oracle-values.ts";

/** What is compared besides the catalog. */
export interface OracleOptions {
  /** Slugs of objects and lists; all if left out. */
  sources?: readonly string[];
  /** Fixed tables, e.g. `notes`; all if left out. Those that hang on records cost a request a record. */
  resources?: readonly string[];
  /** `attio.raw` must hold the whole JSON. */
  raw?: boolean;
}

/** A table as Postgres has it. */
interface Stored {
  types: ReadonlyMap<string, string>;
  /** Rows that are not deleted, by key. */
  rows: ReadonlyMap<string, Readonly<Record<string, Json>>>;
}

/** Where attributes are kept; a system attribute that repeats a fixed column shares it. */
interface Placed {
  column: string;
  sides: Readonly<Record<string, string>>;
  isFixed: boolean;
}

const FIXED: Readonly<Record<Source["kind"], ReadonlySet<string>>> = {
  object: new Set(["record_id", "created_at", "web_url"]),
  list: new Set(["entry_id", "parent_record_id", "parent_object", "created_at"]),
};

/**
 * Reads the whole workspace over HTTP by itself, compares it with the mirror value by value, and says what differs: an
 * empty list means that they are equal. Nothing may change meanwhile.
 */
export async function findDifferences(
  workspace: Workspace,
  sql: Sql,
  options: OracleOptions = {},
): Promise<string[]> {
  const api = openApi(workspace);
  const sources = await readSources(api);
  const differences: string[] = [];
  for (const { table, key, rows } of expectCatalog(sources)) {
    differences.push(...compareRows(table, await readTable(sql, table, key), rows));
  }
  const places: { records: Places["records"][number][]; entries: Places["entries"][number][] } = {
    records: [],
    entries: [],
  };
  for (const source of sources) {
    if (options.sources?.includes(source.slug) === false) continue;
    const items = await readItems(api, source);
    differences.push(...(await compareItems(sql, source, items, options)));
    const target = source.kind === "object" ? places.records : places.entries;
    for (const item of items) target.push({ source: source.slug, id: itemId(source, item) });
  }
  for (const { table, key, rows } of RESOURCE_TABLES) {
    if (options.resources?.includes(table) === false) continue;
    differences.push(...compareRows(table, await readTable(sql, table, [key]), await rows(api, places)));
  }
  return differences;
}

function readItems(api: Api, { kind, id }: Source): Promise<Json[]> {
  return kind === "object"
    ? api.query(`/v2/objects/${id}/records/query`, "record_id")
    : api.query(`/v2/lists/${id}/entries/query`, "entry_id");
}

function itemId({ kind }: Source, item: Json): string {
  return textAt(item, kind === "object" ? "id.record_id" : "id.entry_id");
}

async function compareItems(
  sql: Sql,
  source: Source,
  items: readonly Json[],
  options: OracleOptions,
): Promise<string[]> {
  const table = await tableOf(sql, source);
  if (table === undefined) return [`the mirror does not know ${source.kind} ${source.slug}`];
  const placed = await readPlaces(sql, source);
  const key = source.kind === "object" ? "record_id" : "entry_id";
  const have = await readTable(sql, table, [key]);
  const differences: string[] = [];
  const rows = items.map((item) => {
    const columns: Record<string, Json> = { ...fixedColumns(source, item) };
    for (const [column, expected] of attributeColumns(source, item, placed, differences)) {
      columns[column] = expected.value;
      const type = have.types.get(column);
      if (type !== expected.type && !isShared(source, placed, column))
        differences.push(`${table}.${column} is ${type ?? "missing"} and not ${expected.type}`);
    }
    return { id: itemId(source, item), columns };
  });
  differences.push(...compareRows(table, have, rows));
  if (options.raw === true) differences.push(...(await compareRaw(sql, source, items)));
  return [...new Set(differences)];
}

function isShared(source: Source, placed: ReadonlyMap<string, Placed>, column: string): boolean {
  return (
    FIXED[source.kind].has(column) && [...placed.values()].some((one) => one.isFixed && one.column === column)
  );
}

function fixedColumns({ kind }: Source, item: Json): Record<string, Json> {
  return kind === "object"
    ? { created_at: at(item, "created_at"), web_url: at(item, "web_url") }
    : {
        created_at: at(item, "created_at"),
        parent_record_id: at(item, "parent_record_id"),
        parent_object: at(item, "parent_object"),
      };
}

/** Columns that this item's values must fill; those of attributes that it does not show may hold anything. */
function attributeColumns(
  source: Source,
  item: Json,
  placed: ReadonlyMap<string, Placed>,
  differences: string[],
): Map<string, Expected> {
  const columns = new Map<string, Expected>();
  for (const attribute of source.attributes) {
    const values = at(item, source.kind === "object" ? "values" : "entry_values");
    const own =
      typeof values === "object" && values !== null && !Array.isArray(values) ? values[attribute.slug] : null;
    if (!Array.isArray(own)) continue;
    const place = placed.get(attribute.id);
    if (place === undefined) {
      differences.push(`${source.slug} has no column for ${attribute.slug}`);
      continue;
    }
    for (const [suffix, expected] of expectColumns(own, attribute)) {
      if (suffix !== "" && place.isFixed) continue;
      const column = suffix === "" ? place.column : place.sides[suffix];
      if (column === undefined)
        differences.push(`${source.slug} has no column ${suffix} for ${attribute.slug}`);
      else columns.set(column, expected);
    }
  }
  return columns;
}

async function tableOf(sql: Sql, { kind, id }: Source): Promise<string | undefined> {
  const [row] = await sql<{ table: string }[]>`
    SELECT table_name AS table FROM ${sql(kind === "object" ? "attio.objects" : "attio.lists")}
    WHERE ${sql(`${kind}_id`)} = ${id}`;
  return row?.table;
}

async function readPlaces(sql: Sql, source: Source): Promise<Map<string, Placed>> {
  const rows = await sql<{ id: string; column: string; sides: string; system: boolean }[]>`
    SELECT attribute_id AS id, column_name AS column, side_columns::text AS sides, is_system_attribute AS system
    FROM attio.attributes WHERE object_id = ${source.id}`;
  const place = ({ column, sides, system }: (typeof rows)[number]): Placed => ({
    column,
    sides: JSON.parse(sides) as Record<string, string>,
    isFixed: system && FIXED[source.kind].has(column),
  });
  return new Map(rows.map((row) => [row.id, place(row)]));
}

/** Numbers of type numeric come as text, since JSON would round them. */
async function readTable(sql: Sql, table: string, key: readonly string[]): Promise<Stored> {
  const columns = await sql<{ name: string; type: string }[]>`
    SELECT a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type
    FROM pg_attribute a WHERE a.attrelid = ${`attio.${quote(table)}`}::regclass AND a.attnum > 0 AND NOT a.attisdropped`;
  const types = new Map(columns.map(({ name, type }) => [name, type]));
  const exact = columns
    .filter(({ type }) => type === "numeric")
    .map(({ name }) => `|| jsonb_build_object(${literal(name)}, t.${quote(name)}::text)`);
  const alive = types.has("_deleted_at") ? "WHERE t._deleted_at IS NULL" : "";
  const rows = await sql.unsafe<{ row: string }[]>(
    `SELECT (to_jsonb(t) ${exact.join(" ")})::text AS row FROM attio.${quote(table)} t ${alive}`,
  );
  const parsed = rows.map(({ row }) => JSON.parse(row) as Record<string, Json>);
  return {
    types,
    rows: new Map(parsed.map((row) => [key.map((name) => textAt(row, name)).join("/"), row])),
  };
}

function compareRows(table: string, { types, rows }: Stored, expected: readonly ExpectedRow[]): string[] {
  const differences: string[] = [];
  const ids = new Set<string>();
  for (const { id, columns } of expected) {
    ids.add(id.toLowerCase());
    const row = rows.get(id.toLowerCase());
    if (row === undefined) {
      differences.push(`${table} ${id} is missing in the mirror`);
      continue;
    }
    for (const [column, value] of Object.entries(columns)) {
      const type = types.get(column) ?? "missing";
      const [want, have] = [canonical(stored(value), type), canonical(row[column] ?? null, type)];
      if (want !== have) differences.push(`${table} ${id}.${column}: Attio has ${want}, the mirror ${have}`);
    }
  }
  for (const id of rows.keys()) if (!ids.has(id)) differences.push(`${table} ${id} is only in the mirror`);
  if (ids.size !== expected.length) differences.push(`${table}: Attio lists a thing twice`);
  return differences;
}

async function compareRaw(sql: Sql, source: Source, items: readonly Json[]): Promise<string[]> {
  const rows = await sql<{ id: string; values: string }[]>`
    SELECT r.id, r.values::text AS values FROM attio.raw r JOIN attio_sync.streams s ON s.stream = r.stream
    WHERE s.source_id = ${source.id}`;
  const have = new Map(rows.map(({ id, values }) => [id, canonical(JSON.parse(values) as Json, "jsonb")]));
  const wanted = items.map((item) => ({
    id: itemId(source, item),
    values: canonical(stored(at(item, source.kind === "object" ? "values" : "entry_values")), "jsonb"),
  }));
  const differing = wanted.filter(({ id, values }) => have.get(id) !== values);
  const differences = differing.map(({ id }) => `raw ${source.slug} ${id} differs`);
  return have.size === wanted.length
    ? differences
    : [...differences, `raw ${source.slug} has ${have.size} rows`];
}

function quote(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

function literal(text: string): string {
  return `E'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
