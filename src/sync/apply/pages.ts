import type { MappedRow } from "../mapping/row.ts";

/** Rows as the bulk statements take them: one JSON array of rows with their key and hash. Pure. */
export function rowsPage(key: string, rows: readonly MappedRow[]): string {
  return JSON.stringify(rows.map((row) => ({ ...row.columns, [key]: row.id, _hash: row.hash })));
}

/** The whole JSON of those rows that carry it, by id; undefined when none does. Pure. */
export function rawPage(rows: readonly MappedRow[]): string | undefined {
  const documents = rows.filter((row) => row.raw !== undefined);
  if (documents.length === 0) return undefined;
  return `[${documents.map((row) => `{"id":"${row.id}","values":${row.raw ?? "null"}}`).join(",")}]`;
}

/** Rows by the set of columns that they have: nearly always one group for the whole page. Pure. */
export function groupByColumns(rows: readonly MappedRow[]): MappedRow[][] {
  const groups = new Map<string, MappedRow[]>();
  for (const row of rows) {
    const shape = Object.keys(row.columns).join("\0");
    const group = groups.get(shape);
    if (group === undefined) groups.set(shape, [row]);
    else group.push(row);
  }
  return [...groups.values()];
}

/** A listing may show one thing twice; the later showing wins, as in the listing itself. Pure. */
export function uniqueById(rows: readonly MappedRow[]): MappedRow[] {
  return [...new Map(rows.map((row) => [row.id, row])).values()];
}
