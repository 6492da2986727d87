import type postgres from "postgres";
import { pick } from "./values.ts";

/** The id of one of a table's rows, or undefined where it is empty. */
export async function pickRow(
  user: postgres.Sql,
  table: string,
  row: number,
  key = "record_id",
): Promise<string | undefined> {
  const rows = await user<{ id: string }[]>`
    SELECT ${user(key)} AS id FROM ${user(`attio.${table}`)} WHERE _deleted_at IS NULL ORDER BY 1`;
  return pick(rows, row)?.id;
}
