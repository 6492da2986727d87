import { columnDiffers, differs, valueOf } from "./captured-values.ts";
import type { CapturedGroup, Check } from "./capture-plan.ts";
import { quoteIdentifier, quoteLiteral } from "./identifiers.ts";
import type { Column, ColumnType } from "./tables.ts";

/** The first reason whose condition holds, else NULL. */
export function caseOf(cases: readonly Check[]): string {
  if (cases.length === 0) return "NULL::text";
  return `CASE ${cases.map(([condition, reason]) => `WHEN ${condition} THEN ${quoteLiteral(reason)}`).join(" ")} END`;
}

/** Of one changed row: NULL where the group did not change, else what it must not hold, else an empty text. */
export function verdictOf(group: CapturedGroup): string {
  const lonely = group.columns.slice(1).map((part) => lonelyPart(group, part, columnDiffers(part)));
  const reason = caseOf([...groupChecks(group), ...lonely.flat()]);
  return `CASE WHEN ${differs(group)} THEN coalesce(${reason}, '') END COLLATE "C"`;
}

/** What a group of a new row must not hold. */
export function insertChecksOf(group: CapturedGroup): Check[] {
  return [
    ...groupChecks(group),
    ...group.columns.slice(1).flatMap((part) => lonelyPart(group, part, "true")),
  ];
}

/** A part that is given without the value that it belongs to; taking the value away alone must stay possible. */
function lonelyPart({ columns: [main], needsMain }: CapturedGroup, part: Column, isGiven: string): Check[] {
  if (needsMain !== true || main === undefined) return [];
  const condition = `${valueOf("n", main)} IS NULL AND ${valueOf("n", part)} IS NOT NULL AND ${isGiven}`;
  return [[condition, `column "${part.name}" means nothing without a value in "${main.name}"`]];
}

function groupChecks({ columns, checks = [] }: CapturedGroup): Check[] {
  return [...columns.flatMap(checksOf), ...checks];
}

/** What a column's type can hold and Attio's cannot: a condition on the new row, and what is said of it. */
function checksOf({ name, type }: Column): Check[] {
  const value = `n.${quoteIdentifier(name)}`;
  const say = (problem: string) => `column "${name}" ${problem}`;
  const isArray = type.endsWith("[]");
  const element = isArray ? (type.slice(0, -2) as ColumnType) : type;
  const checks: Check[] = [];
  if (isArray) {
    checks.push([`array_ndims(${value}) > 1`, say("must not hold nested arrays")]);
    checks.push([`array_position(${value}, NULL) IS NOT NULL`, say("must not hold a NULL element")]);
  }
  if (element === "double precision" || element === "numeric") {
    const isBad = isArray
      ? `${value} && '{NaN,Infinity,-Infinity}'::${type}`
      : `${value}::float8 IN ('NaN', 'Infinity', '-Infinity')`;
    checks.push([isBad, say("must be a finite number")]);
  }
  if (element === "date" || element === "timestamp with time zone") {
    const isBad = isArray ? `${value} && '{infinity,-infinity}'::${type}` : `NOT isfinite(${value})`;
    checks.push([isBad, say("must be a finite time")]);
  }
  return checks;
}
