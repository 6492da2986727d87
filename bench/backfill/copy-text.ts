import type { Cell, FlatColumn } from "./flat-row.ts";
import type { BenchRecord } from "./bench-object.ts";

const ESCAPES: Readonly<Record<string, string>> = { "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/** Records as COPY's text format. */
export function copyText(records: readonly BenchRecord[], columns: readonly FlatColumn[]): string {
  let text = "";
  for (const record of records) {
    text += columns.map(({ read }) => field(read(record))).join("\t");
    text += "\n";
  }
  return text;
}

function field(cell: Cell): string {
  if (cell === null) return "\\N";
  if (Array.isArray(cell)) return escape(`{${cell.map((one) => JSON.stringify(one)).join(",")}}`);
  return typeof cell === "string" ? escape(cell) : String(cell);
}

function escape(text: string): string {
  return text.replace(/[\\\n\r\t]/g, (character) => ESCAPES[character] ?? "");
}
