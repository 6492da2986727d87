import type { Sql } from "../../db/client.ts";
import type { Cells } from "../../db/control/index.ts";
import { mirrorTable } from "../../db/mirror/sql-names.ts";
import type { ApplyTarget } from "../apply/target.ts";
import type { MappedRow } from "../mapping/row.ts";

/** A row's columns as PostgreSQL prints them, like those in the outbox. */
export async function printedCells(
  sql: Sql,
  { table }: Pick<ApplyTarget, "table">,
  { columns }: Pick<MappedRow, "columns">,
): Promise<Cells> {
  const [read] = await sql.unsafe<{ cells: Cells }[]>(
    `SELECT to_jsonb(r) AS cells FROM json_populate_record(NULL::${mirrorTable(table)}, $1::json) r`,
    [JSON.stringify(columns)],
    { prepare: true },
  );
  return read?.cells ?? {};
}
