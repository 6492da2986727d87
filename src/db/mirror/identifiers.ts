import { createHash } from "node:crypto";

/** What PostgreSQL keeps of a name; a longer one would be cut silently, and two could become one. */
export const MAX_IDENTIFIER_BYTES = 63;

const HASH_DIGITS = 8;

/** Quotes a name for SQL. Every name of the mirror goes through here: a slug may be any word or text. */
export function quoteIdentifier(name: string): string {
  return `"${withoutNul(name).replaceAll('"', '""')}"`;
}

/** Quotes a text for the statements that take no parameters (COMMENT, CREATE VIEW). */
export function quoteLiteral(text: string): string {
  const quoted = `'${withoutNul(text).replaceAll("'", "''")}'`;
  return quoted.includes("\\") ? ` E${quoted.replaceAll("\\", "\\\\")}` : quoted;
}

/** Fits a name into 63 bytes: a longer one is cut, on a character boundary, and ends in a hash of the whole. */
export function fitIdentifier(name: string): string {
  const clean = withoutNul(name);
  return Buffer.byteLength(clean) <= MAX_IDENTIFIER_BYTES ? clean : withHash(clean, clean);
}

/** A name made distinct by a hash of `seed`, for a newcomer whose own name is taken. */
export function withHash(name: string, seed: string): string {
  const suffix = `_${createHash("sha256").update(seed).digest("hex").slice(0, HASH_DIGITS)}`;
  return cutToBytes(name, MAX_IDENTIFIER_BYTES - suffix.length) + suffix;
}

function cutToBytes(text: string, bytes: number): string {
  let cut = "";
  let used = 0;
  for (const character of text) {
    used += Buffer.byteLength(character);
    if (used > bytes) break;
    cut += character;
  }
  return cut;
}

function withoutNul(text: string): string {
  return text.toWellFormed().replaceAll("\0", "");
}
