import { setImmediate } from "node:timers/promises";
import type { Writable } from "node:stream";
import type { Tx } from "../client.ts";
import { quoteIdentifier } from "./identifiers.ts";
import { mirrorTable } from "./sql-names.ts";

/** Characters that are collected before they are sent: large enough to be few, small enough to be forgotten soon. */
const CHUNK_LENGTH = 128 * 1024;

/**
 * Copies lines into a mirror table. Must run in a savepoint of its own: after an error nothing of it holds.
 *
 * @param lines as `copyLine` makes them
 * @throws the driver's PostgresError when the server refuses; of which kind it was is lost
 */
export async function copyInto(
  tx: Tx,
  table: string,
  columns: readonly string[],
  lines: Iterable<string>,
): Promise<void> {
  const names = columns.map(quoteIdentifier).join(", ");
  const stream = await tx.unsafe(`COPY ${mirrorTable(table)} (${names}) FROM STDIN`).writable();
  // Without a listener an error would end the process; the statement below tells of it as well.
  stream.on("error", () => undefined);
  if (await sendAll(stream, lines)) {
    stream.end();
    // The end of the data must be on its way before the next statement is.
    await setImmediate();
  }
  // The driver tells nobody when the server refuses after the end of the data; the next statement then fails.
  await tx`SELECT 1`;
}

/** False when the server refused before the end. */
async function sendAll(stream: Writable, lines: Iterable<string>): Promise<boolean> {
  let chunk = "";
  for (const line of lines) {
    chunk += line;
    if (chunk.length < CHUNK_LENGTH) continue;
    if (!(await send(stream, chunk))) return false;
    chunk = "";
  }
  return send(stream, chunk);
}

function send(stream: Writable, chunk: string): Promise<boolean> {
  return new Promise((resolve) => {
    stream.write(chunk, (error) => resolve(error === null || error === undefined));
  });
}

const ESCAPES: Readonly<Record<string, string>> = { "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/**
 * One row in COPY's text format, which comes to the same as the row's JSON in an upsert. Pure.
 *
 * @param isJson for each value whether its column is `jsonb`: elsewhere a list is an array
 */
export function copyLine(values: readonly unknown[], isJson: readonly boolean[]): string {
  let line = "";
  for (const [index, value] of values.entries()) {
    if (index > 0) line += "\t";
    line += field(value, isJson[index] === true);
  }
  return `${line}\n`;
}

function field(value: unknown, isJson: boolean): string {
  if (value === null || value === undefined) return "\\N";
  if (typeof value === "string" && !isJson) return escape(value);
  if (Array.isArray(value) && !isJson) return escape(`{${value.map(element).join(",")}}`);
  return escape(JSON.stringify(value));
}

function element(value: unknown): string {
  if (value === null || value === undefined) return "NULL";
  return typeof value === "string" ? `"${value.replace(/["\\]/g, "\\$&")}"` : JSON.stringify(value);
}

function escape(text: string): string {
  return /[\\\n\r\t]/.test(text)
    ? text.replace(/[\\\n\r\t]/g, (character) => ESCAPES[character] ?? character)
    : text;
}
