import type { Tx } from "../../db/client.ts";
import { quoteIdentifier } from "../../db/mirror/identifiers.ts";
import { mirrorTable } from "../../db/mirror/sql-names.ts";

/**
 * A foreign key that points at a table of the mirror:
 * `{ schema: "app", table: "tags", isOwn: false, cascades: true, isLenient: true,
 * columns: [{ from: "deal_id", to: "record_id" }] }`.
 */
export interface ForeignKey {
  schema: string;
  table: string;
  /** The table points at itself. */
  isOwn: boolean;
  /** It is ON UPDATE CASCADE. */
  cascades: boolean;
  /** It is ON DELETE NO ACTION: content with another row that has the deleted one's value when the statement ends. */
  isLenient: boolean;
  columns: readonly { from: string; to: string }[];
}

/** Foreign keys that point at a table; those of a partitioned table stand for all of its partitions. */
export function readForeignKeys(tx: Tx, table: string): Promise<ForeignKey[]> {
  return tx<ForeignKey[]>`
    SELECT n.nspname AS schema, r.relname AS table, c.conrelid = c.confrelid AS "isOwn", c.confupdtype = 'c' AS cascades,
      c.confdeltype = 'a' AS "isLenient",
      (SELECT json_agg(json_build_object('from', f.attname, 'to', t.attname) ORDER BY k.place)
       FROM unnest(c.conkey, c.confkey) WITH ORDINALITY AS k("from", "to", place)
       JOIN pg_attribute f ON f.attrelid = c.conrelid AND f.attnum = k.from
       JOIN pg_attribute t ON t.attrelid = c.confrelid AND t.attnum = k.to) AS columns
    FROM pg_constraint c JOIN pg_class r ON r.oid = c.conrelid JOIN pg_namespace n ON n.oid = r.relnamespace
    WHERE c.contype = 'f' AND c.confrelid = ${mirrorTable(table)}::regclass AND c.conparentid = 0
    ORDER BY c.oid`;
}

/** The key's new and former value, as parameters of the statement that moves foreign keys. */
export const REAL = "$3::uuid";
export const PROVISIONAL = "$4::uuid";

/**
 * What becomes of the rows that point at a row which gets Attio's id:
 *
 * - `renamed`: the row itself gets another key.
 * - `merged`: it becomes one with the row that has the key already. `gone` and `kept` are both rows as they were,
 *   `merged` is what is left, each a table of the same statement.
 */
export type Adoption = "renamed" | "merged";

/** Whether a foreign key would go, or stand in the way, with the provisional row although the other row takes its value. */
export function isStrict({ isLenient, columns }: ForeignKey, key: string): boolean {
  return !isLenient && columns.every(({ to }) => to !== key);
}

/**
 * Makes foreign keys point at the row of id $1 instead of the one of id $2, which can be deleted then.
 *
 * @returns for each table the update, and a query whether rows are left: the row of id $1 may have no value in such a column
 */
export function parkStatements(
  table: string,
  keys: readonly ForeignKey[],
  key: string,
): { park: string; isLeft: string }[] {
  const valueOf = (id: string, column: string) =>
    `(SELECT ${quoteIdentifier(column)} FROM ${mirrorTable(table)} WHERE ${quoteIdentifier(key)} = ${id})`;
  return byTable(keys).map(([name, foreigns]) => {
    const values = new Map<string, string>();
    const conditions: string[] = [];
    const points: string[] = [];
    for (const { columns } of foreigns) {
      const equals = columns.map(({ from, to }) => `r.${quoteIdentifier(from)} = ${valueOf("$2::uuid", to)}`);
      const hasValue = columns.map(({ to }) => `${valueOf("$1::uuid", to)} IS NOT NULL`);
      const condition = [...equals, ...hasValue].join(" AND ");
      points.push(`(${equals.join(" AND ")})`);
      conditions.push(`(${condition})`);
      for (const { from, to } of columns) {
        const otherwise = values.get(from) ?? `r.${quoteIdentifier(from)}`;
        values.set(from, `CASE WHEN ${condition} THEN ${valueOf("$1::uuid", to)} ELSE ${otherwise} END`);
      }
    }
    const set = [...values].map(([column, value]) => `${quoteIdentifier(column)} = ${value}`);
    return {
      park: `UPDATE ${name} AS r SET ${set.join(", ")} WHERE ${conditions.join(" OR ")}`,
      isLeft: `SELECT FROM ${name} AS r WHERE (${points.join(" OR ")}) AND $1::uuid IS NOT NULL LIMIT 1`,
    };
  });
}

/** Foreign keys by their table's name: those of one table may share a column. */
function byTable(keys: readonly ForeignKey[]): [name: string, keys: ForeignKey[]][] {
  const tables = new Map<string, ForeignKey[]>();
  for (const foreign of keys) {
    const name = `${quoteIdentifier(foreign.schema)}.${quoteIdentifier(foreign.table)}`;
    tables.set(name, [...(tables.get(name) ?? []), foreign]);
  }
  return [...tables];
}

/** Updates that move foreign keys, one for each table: a statement may change a row but once. */
export function moveStatements(keys: readonly ForeignKey[], key: string, how: Adoption): string[] {
  return byTable(keys.filter((foreign) => mustMove(foreign, key, how))).map(([name, foreigns]) =>
    moveStatement(name, foreigns, key, how),
  );
}

/** Those that cascade follow a new key by themselves, with the rights of their table's owner. */
function mustMove({ cascades, columns }: ForeignKey, key: string, how: Adoption): boolean {
  return how === "merged" || (!cascades && columns.some(({ to }) => to === key));
}

function moveStatement(table: string, keys: readonly ForeignKey[], key: string, how: Adoption): string {
  const values = new Map<string, string>();
  const conditions: string[] = [];
  for (const foreign of keys) {
    const condition = pointsAt(foreign, key, how);
    conditions.push(condition);
    for (const { from, to } of foreign.columns) {
      if (to !== key && how === "renamed") continue;
      const column = `r.${quoteIdentifier(from)}`;
      const value = to === key ? REAL : partOf("merged", to);
      values.set(
        from,
        `CASE WHEN ${column} IS NOT NULL AND (${condition}) THEN ${value} ELSE ${values.get(from) ?? column} END`,
      );
    }
  }
  const set = [...values].map(([column, value]) => `${quoteIdentifier(column)} = ${value}`);
  // The two rows themselves are written by the statement's main part.
  const others = keys.some(({ isOwn }) => isOwn)
    ? ` AND r.${quoteIdentifier(key)} NOT IN (${REAL}, ${PROVISIONAL})`
    : "";
  return `UPDATE ${table} AS r SET ${set.join(", ")} WHERE (${conditions.join(" OR ")})${others}`;
}

/** Whether row `r` points at one of the two rows, and has to point elsewhere. */
function pointsAt({ columns }: ForeignKey, key: string, how: Adoption): string {
  const keyColumn = columns.find(({ to }) => to === key);
  const others = columns.filter(({ to }) => to !== key);
  const moved = others.map(({ from, to }) => `r.${quoteIdentifier(from)} <> ${partOf("merged", to)}`);
  if (keyColumn !== undefined) {
    const column = `r.${quoteIdentifier(keyColumn.from)}`;
    const points = `${column} = ${PROVISIONAL}`;
    return how === "renamed" || others.length === 0
      ? points
      : `${points} OR ${column} = ${REAL} AND (${moved.join(" OR ")})`;
  }
  const equals = (row: "gone" | "kept") =>
    others.map(({ from, to }) => `r.${quoteIdentifier(from)} = ${partOf(row, to)}`).join(" AND ");
  return `(${equals("gone")} OR ${equals("kept")}) AND (${moved.join(" OR ")})`;
}

function partOf(row: "gone" | "kept" | "merged", column: string): string {
  return `(SELECT ${quoteIdentifier(column)} FROM ${row})`;
}

/**
 * Where the row points at itself: column → what it has to hold.
 *
 * @param now SQL of what a column is going to hold otherwise
 */
export function ownReferences(
  keys: readonly ForeignKey[],
  key: string,
  how: Adoption,
  now: (column: string) => string,
): Map<string, string> {
  const values = new Map<string, string>();
  for (const { isOwn, columns } of keys) {
    if (!isOwn) continue;
    const condition = pointsAtItself(columns, key, how, now);
    for (const { from, to } of columns) {
      if (to !== key && how === "renamed") continue;
      const value = to === key ? REAL : now(to);
      values.set(from, `CASE WHEN ${condition} THEN ${value} ELSE ${values.get(from) ?? now(from)} END`);
    }
  }
  return values;
}

function pointsAtItself(
  columns: ForeignKey["columns"],
  key: string,
  how: Adoption,
  now: (column: string) => string,
): string {
  const keyColumn = columns.find(({ to }) => to === key);
  if (keyColumn !== undefined) return `${now(keyColumn.from)} IN (${REAL}, ${PROVISIONAL})`;
  if (how === "renamed") return "false";
  const equals = (row: "gone" | "r") =>
    columns.map(({ from, to }) => `${now(from)} = ${row}.${quoteIdentifier(to)}`).join(" AND ");
  return `(${equals("gone")} OR ${equals("r")})`;
}
