import { quoteIdentifier, quoteLiteral } from "./identifiers.ts";
import type { CapturedGroup } from "./capture-plan.ts";
import type { Column } from "./tables.ts";

/** PostgreSQL takes at most a hundred arguments. */
const MAX_PAIRS = 50;

/** The rows that a trigger sees: `n` and `o` of a statement, `OLD` of a row trigger. */
type Row = "n" | "o" | "OLD";

/** The columns of a row as a JSON object; an empty array is no value (design rule 32). */
export function cellsOf(row: Row, columns: readonly Column[]): string {
  if (columns.length === 0) return "'{}'::jsonb";
  const objects: string[] = [];
  for (let start = 0; start < columns.length; start += MAX_PAIRS) {
    const pairs = columns
      .slice(start, start + MAX_PAIRS)
      .map((column) => `${quoteLiteral(column.name)}, ${valueOf(row, column)}`);
    objects.push(`jsonb_build_object(${pairs.join(", ")})`);
  }
  return objects.join(" || ");
}

export function valueOf(row: Row, { name, type }: Column): string {
  const value = `${row}.${quoteIdentifier(name)}`;
  return type.endsWith("[]") ? `nullif(${value}, '{}')` : value;
}

/** Whether a group holds another value than before. */
export function differs({ columns }: CapturedGroup): string {
  return columns.map((column) => `(${columnDiffers(column)})`).join(" OR ");
}

/** Whether a column does; that a client has cut the old time to milliseconds, as JavaScript's Date does, is no change. */
export function columnDiffers(column: Column): string {
  const differ = `${valueOf("n", column)} IS DISTINCT FROM ${valueOf("o", column)}`;
  const cut = cutToMilliseconds(column);
  return cut === undefined ? differ : `${differ} AND ${valueOf("n", column)} IS DISTINCT FROM ${cut}`;
}

/** Whether a column holds its old time, cut to milliseconds; undefined for one that holds no times. */
export function isCut(column: Column): string | undefined {
  const cut = cutToMilliseconds(column);
  if (cut === undefined) return undefined;
  const [now, before] = [valueOf("n", column), valueOf("o", column)];
  return `(${now} <> ${before} AND ${now} = ${cut})`;
}

function cutToMilliseconds({ name, type }: Column): string | undefined {
  const value = `o.${quoteIdentifier(name)}`;
  if (type === "timestamp with time zone") return `date_trunc('milliseconds', ${value})`;
  if (type !== "timestamp with time zone[]") return undefined;
  return `(SELECT array_agg(date_trunc('milliseconds', e.t) ORDER BY e.i) FROM unnest(${value}) WITH ORDINALITY AS e(t, i))`;
}

/**
 * A query of the values that a row gives up of a unique attribute, in lower case: those of the old row which the new one has not.
 *
 * @param after the new row; undefined where it is deleted
 */
export function freedValues(group: CapturedGroup, before: Row, after: Row | undefined): string {
  const held = loweredValues(before, group);
  return after === undefined ? held : `(${held} EXCEPT ${loweredValues(after, group)})`;
}

/** What such queries, joined by UNION, give of one row: NULL for nothing. */
export const FREED: readonly [before: string, after: string] = [
  "(SELECT array_agg(DISTINCT f.v) FROM (",
  ") f(v) WHERE f.v IS NOT NULL)",
];

function loweredValues(row: Row, { columns: [main] }: CapturedGroup): string {
  if (main === undefined) throw new Error("a group has no column");
  const value = `${row}.${quoteIdentifier(main.name)}`;
  const values = main.type.endsWith("[]") ? `${value}::text[]` : `ARRAY[${value}::text]`;
  return `SELECT lower(e.v) FROM unnest(${values}) AS e(v)`;
}
