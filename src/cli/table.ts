import { cutTo, printable, textWidth } from "./text-width.ts";

/** Widest cell if nothing else is asked for; longer texts are cut. */
const CELL_WIDTH = 40;

/**
 * Draws rows as a table with a ruled head. Numbers stand to the right.
 *
 * @param rows cells in the order of `columns`; null is drawn as nothing.
 */
export function drawTable(
  columns: readonly string[],
  rows: readonly (readonly unknown[])[],
  { cellWidth = CELL_WIDTH }: { cellWidth?: number } = {},
): string {
  const head = columns.map(printable);
  const body = rows.map((row) => row.map((cell) => cutTo(printable(show(cell)), cellWidth)));
  const isNumber = columns.map(
    (_, i) => rows.some((row) => row[i] != null) && rows.every((row) => isNumeric(row[i])),
  );
  const widths = head.map((name, i) =>
    Math.max(textWidth(name), ...body.map((row) => textWidth(row[i] ?? ""))),
  );
  const drawLine = (cells: readonly string[]) =>
    ` ${widths.map((width, i) => pad(cells[i] ?? "", width, isNumber[i] === true)).join(" │ ")}`.trimEnd();
  const rule = `─${widths.map((width) => "─".repeat(width)).join("─┼─")}─`;
  return [drawLine(head), rule, ...body.map(drawLine)].map((line) => `${line}\n`).join("");
}

function show(cell: unknown): string {
  if (cell === null || cell === undefined) return "";
  if (typeof cell === "number" || typeof cell === "bigint") return cell.toLocaleString("en-US");
  if (cell instanceof Date) return cell.toISOString();
  return typeof cell === "string" ? cell : JSON.stringify(cell);
}

function isNumeric(cell: unknown): boolean {
  return cell === null || cell === undefined || typeof cell === "number" || typeof cell === "bigint";
}

function pad(text: string, width: number, toTheRight: boolean): string {
  const space = " ".repeat(width - textWidth(text));
  return toTheRight ? space + text : text + space;
}
