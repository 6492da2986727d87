import { isAscii } from "node:buffer";
import { isJsonObject } from "../lib/json.ts";
import { BodyError } from "./body-error.ts";

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_BRACKET = 0x5d;
// In ASCII the brackets differ from the braces by this bit alone, so one comparison recognises both.
const CASE_BIT = 0x20;
const OPEN = 0x7b;
const CLOSE = 0x7d;

/** What a listing holds: its items, mapped, and the rest of the body with `data` emptied. */
export interface ItemStreamResult<T> {
  readonly items: T[];
  readonly rest: Record<string, unknown>;
}

/**
 * Splits the top-level `data` list of a JSON object into items while the bytes arrive; each item is parsed alone and handed to `map`, so
 * that a page of many megabytes never exists as one text or one tree. Everything around the items is kept and parsed at the end, which
 * also finds trailing garbage. Throws BodyError; never quotes the body.
 */
export class ItemStream<T> {
  readonly #map: (item: unknown) => T;
  readonly #items: T[] = [];
  /** The body without the items. */
  readonly #skeleton: Buffer[] = [];
  /** The bytes of the current item that came in earlier chunks. */
  #pieces: Buffer[] = [];
  #phase: "before" | "items" | "after" = "before";
  #depth = 0;
  #inString = false;
  #escaped = false;
  readonly #keys = new TopLevelKeys();

  constructor(map: (item: unknown) => T) {
    this.#map = map;
  }

  /** Takes the next bytes of the body; keeps references to them until the item they belong to is complete. */
  write(chunk: Buffer): void {
    let position = 0;
    if (this.#phase === "before") position = this.#scanBefore(chunk);
    if (this.#phase === "items" && position < chunk.length) position = this.#scanItems(chunk, position);
    if (this.#phase === "after" && position < chunk.length) this.#skeleton.push(chunk.subarray(position));
  }

  /** To be called after the last byte. */
  end(): ItemStreamResult<T> {
    if (this.#phase === "items") throw new BodyError("truncated", "the body ends inside its list");
    const rest = parseSkeleton(Buffer.concat(this.#skeleton));
    // A second `data` would have replaced the first in the skeleton.
    if (!isJsonObject(rest) || !Array.isArray(rest.data) || rest.data.length > 0) {
      throw new BodyError("unexpected_shape", "the body has no list named data");
    }
    return { items: this.#items, rest };
  }

  /** Looks for the list; small next to the items, so clarity goes before speed. Returns where it stopped. */
  #scanBefore(chunk: Buffer): number {
    for (let index = 0; index < chunk.length; index += 1) {
      if (this.#keys.next(chunk[index] ?? 0)) {
        this.#phase = "items";
        this.#skeleton.push(chunk.subarray(0, index + 1));
        return index + 1;
      }
    }
    this.#skeleton.push(chunk);
    return chunk.length;
  }

  /** The hot loop: a couple of comparisons a byte, state in locals. Returns where it stopped. */
  #scanItems(chunk: Buffer, from: number): number {
    const length = chunk.length;
    let start = from;
    let index = from;
    let depth = this.#depth;
    let inString = this.#inString;
    if (this.#escaped) {
      this.#escaped = false;
      index += 1;
    }
    while (index < length) {
      if (inString) {
        while (index < length) {
          const byte = chunk[index];
          if (byte === QUOTE) break;
          index += byte === BACKSLASH ? 2 : 1;
        }
        if (index >= length) break;
        inString = false;
        index += 1;
        continue;
      }
      const byte = chunk[index] ?? 0;
      index += 1;
      if (byte === QUOTE) {
        inString = true;
      } else if (byte === COMMA) {
        if (depth > 0) continue;
        this.#finishItem(chunk, start, index - 1);
        start = index;
      } else if ((byte | CASE_BIT) === OPEN) {
        depth += 1;
      } else if ((byte | CASE_BIT) === CLOSE) {
        depth -= 1;
        if (depth >= 0) continue;
        if (byte !== CLOSE_BRACKET) throw new BodyError("not_json", "the list is closed by a brace");
        this.#finishLastItem(chunk, start, index - 1);
        this.#phase = "after";
        // The closing bracket belongs to the skeleton.
        return index - 1;
      }
    }
    this.#escaped = index > length;
    this.#depth = depth;
    this.#inString = inString;
    if (start < length) this.#pieces.push(chunk.subarray(start));
    return length;
  }

  #finishItem(chunk: Buffer, start: number, end: number): void {
    this.#items.push(this.#map(parseItem(this.#takeBytes(chunk, start, end))));
  }

  /** Nothing but white space is an empty list, if no item came before. */
  #finishLastItem(chunk: Buffer, start: number, end: number): void {
    const bytes = this.#takeBytes(chunk, start, end);
    if (this.#items.length === 0 && isBlank(bytes)) return;
    this.#items.push(this.#map(parseItem(bytes)));
  }

  #takeBytes(chunk: Buffer, start: number, end: number): Buffer {
    const last = chunk.subarray(start, end);
    if (this.#pieces.length === 0) return last;
    const bytes = Buffer.concat([...this.#pieces, last]);
    this.#pieces = [];
    return bytes;
  }
}

/** Follows the bytes of the top-level object up to the bracket that opens its `data` list. */
class TopLevelKeys {
  #depth = 0;
  #inString = false;
  #escaped = false;
  /** The bytes of the last string at depth 1, with its quotes. */
  #string: number[] = [];
  /** True between the colon after `"data"` and whatever comes next. */
  #awaitsData = false;

  /** True if `byte` opens the list. */
  next(byte: number): boolean {
    if (this.#inString) {
      this.#inside(byte);
      return false;
    }
    if (byte === OPEN_BRACKET && this.#awaitsData) return true;
    if (isWhitespace(byte)) return false;
    this.#awaitsData = byte === COLON && this.#depth === 1 && isDataKey(this.#string);
    if (byte === QUOTE) {
      this.#inString = true;
      this.#string = [byte];
    } else if ((byte | CASE_BIT) === OPEN) {
      this.#depth += 1;
    } else if ((byte | CASE_BIT) === CLOSE) {
      this.#depth -= 1;
    }
    return false;
  }

  #inside(byte: number): void {
    // Only a key at the top is of interest, and no spelling of "data" is longer than four escapes.
    if (this.#depth === 1 && this.#string.length < 64) this.#string.push(byte);
    if (this.#escaped) this.#escaped = false;
    else if (byte === BACKSLASH) this.#escaped = true;
    else if (byte === QUOTE) this.#inString = false;
  }
}

function isDataKey(bytes: readonly number[]): boolean {
  try {
    return JSON.parse(Buffer.from(bytes).toString()) === "data";
  } catch {
    return false;
  }
}

/** ASCII, which most records are, is decoded several times faster as such. */
function parseItem(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString(isAscii(bytes) ? "latin1" : "utf8"));
  } catch {
    // The engine's own message quotes the text, which is a customer's.
    throw new BodyError("not_json", "an item of the list is not JSON");
  }
}

function parseSkeleton(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString());
  } catch {
    const text = bytes.toString().trim();
    const fault = text === "" || /^[{[]/.test(text) ? "truncated" : "not_json";
    throw new BodyError(fault, "the body is not JSON");
  }
}

function isBlank(bytes: Buffer): boolean {
  return bytes.every(isWhitespace);
}

function isWhitespace(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}
