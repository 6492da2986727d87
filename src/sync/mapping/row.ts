import { hash } from "node:crypto";
import type { Origins } from "./origins.ts";

/** A fetched thing as a row of its table, ready to be compared and written. */
export interface MappedRow {
  id: string;
  /** Of the row as Attio has it; independent of the names of columns and of options. */
  hash: string;
  /** Columns that are to be written; those of absent attributes are not among them. */
  columns: Record<string, unknown>;
  /** Attio's whole JSON, when it is kept. */
  raw?: string;
  droppedCharacters: number;
  /** Absent for tables without history. */
  origins?: Origins;
}

/** A thing that cannot become a row. */
export interface UnreadableRow {
  id: string;
  problem: string;
}

/** First 128 bits of SHA-1 in the form of a uuid: sixteen bytes a row, compared as one value. */
export function rowHash(canonical: string): string {
  const digits = hash("sha1", canonical, "hex");
  return `${digits.slice(0, 8)}-${digits.slice(8, 12)}-${digits.slice(12, 16)}-${digits.slice(16, 20)}-${digits.slice(20, 32)}`;
}
