import type { Sql } from "../../db/client.ts";
import { isDataRefusal } from "../../db/pg-errors.ts";
import { findUnequal } from "../../db/queries/compare.ts";
import type { UnequalRow } from "../../db/queries/compare.ts";
import { groupByColumns, rawPage, rowsPage } from "../apply/pages.ts";
import { underPlan } from "../apply/plan-lock.ts";
import type { ApplyTarget } from "../apply/target.ts";
import type { MappedRow } from "../mapping/row.ts";

/** How fetched rows compare with the mirror; those not named are equal. */
export interface Comparison {
  unequal: UnequalRow[];
  /** Ids of rows that PostgreSQL cannot hold, so that there is nothing to compare. */
  refused: string[];
}

/**
 * Compares fetched rows with the table, value by value. Attributes that were absent are left out, as in an apply.
 *
 * @param rows with distinct ids
 * @throws {PlanChangedError} when the rows were mapped by an older plan
 */
export async function compareRows(
  sql: Sql,
  target: ApplyTarget,
  rows: readonly MappedRow[],
): Promise<Comparison> {
  if (rows.length === 0) return { unequal: [], refused: [] };
  try {
    return await underPlan(sql, target, async (tx) => {
      const unequal: UnequalRow[] = [];
      for (const group of groupByColumns(rows)) {
        const columns = Object.keys(group[0]?.columns ?? {});
        const pages = { page: rowsPage(target.key, group), raw: rawPage(group) };
        unequal.push(...(await findUnequal(tx, target, columns, pages)));
      }
      return { unequal, refused: [] };
    });
  } catch (error) {
    if (!isDataRefusal(error)) throw error;
    const [only] = rows;
    if (rows.length === 1 && only !== undefined) return { unequal: [], refused: [only.id] };
    // Halved until the row that PostgreSQL refuses stands alone.
    const middle = Math.ceil(rows.length / 2);
    const first = await compareRows(sql, target, rows.slice(0, middle));
    const second = await compareRows(sql, target, rows.slice(middle));
    return {
      unequal: [...first.unequal, ...second.unequal],
      refused: [...first.refused, ...second.refused],
    };
  }
}
