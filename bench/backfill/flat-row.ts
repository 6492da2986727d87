import type { BenchAttribute, BenchRecord } from "./bench-object.ts";

export type Cell = string | number | boolean | string[] | null;

export interface FlatColumn {
  name: string;
  /** PostgreSQL's name. */
  type: string;
  read: (record: BenchRecord) => Cell;
}

const TYPES: Readonly<Record<string, string>> = {
  text: "text",
  number: "double precision",
  checkbox: "boolean",
  currency: "numeric",
  date: "date",
  timestamp: "timestamptz",
  rating: "smallint",
  select: "text",
  status: "text",
};

/** The columns that the mirror makes of these attributes, read in the plainest way that works for this object. */
export function flatColumns(attributes: readonly BenchAttribute[]): FlatColumn[] {
  return [
    { name: "record_id", type: "uuid", read: (record) => record.id.record_id },
    { name: "created_at", type: "timestamptz", read: (record) => record.created_at },
    { name: "web_url", type: "text", read: (record) => record.web_url },
    ...attributes.flatMap(columnsOf),
  ];
}

function columnsOf({ api_slug: slug, type, is_multiselect: isMulti }: BenchAttribute): FlatColumn[] {
  const column = TYPES[type];
  if (column === undefined) throw new Error(`the benchmark object has an attribute of type ${type}`);
  if (type === "currency") {
    return [
      { name: slug, type: column, read: (record) => first(record, slug, "currency_value") },
      { name: `${slug}_currency`, type: "text", read: (record) => first(record, slug, "currency_code") },
    ];
  }
  if (type !== "select" && type !== "status")
    return [{ name: slug, type: column, read: (record) => first(record, slug, "value") }];
  const property = type === "select" ? "option" : "status";
  if (!isMulti)
    return [{ name: slug, type: column, read: (record) => titles(record, slug, property)[0] ?? null }];
  return [{ name: slug, type: "text[]", read: (record) => titles(record, slug, property) }];
}

function first({ values }: BenchRecord, slug: string, property: string): Cell {
  return (values[slug]?.[0]?.[property] ?? null) as Cell;
}

function titles({ values }: BenchRecord, slug: string, property: string): string[] {
  return (values[slug] ?? []).map((value) => (value[property] as { title: string }).title);
}
