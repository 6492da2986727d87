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

/** So many bytes of an item begin a search for the next one's beginning: `},{"id":{"wor` in most listings. */
const OPENING_LENGTH = 12;

/** Bytes that wait for the end of their item; when there are more, it is looked for byte by byte. */
const MOST_PENDING = 256 * 1024;

/** What a listing holds: its items, mapped, and the rest of the body with `data` emptied. */
export interface ItemStreamResult<T> {
  readonly items: T[];
  readonly rest: Record<string, unknown>;
}

/**
 * Splits the top-level `data` list of a JSON object into items while the bytes arrive; each item is parsed alone and handed to `map`, so
 * that a page of many megabytes never exists as one text or one tree. Everything around the items is kept and parsed at the end, which
 * also finds trailing garbage. Throws BodyError; never quotes the body.
 *
 * Items of one listing begin alike. So the end of an item is first guessed, by a search for the beginning of another: if what lies before it
 * is whole JSON, it was the end, since no JSON object is the beginning of another. If not, the item is followed byte by byte.
 */
export class ItemStream<T> {
  readonly #map: (item: unknown) => T;
  readonly #items: T[] = [];
  /** The body without the items. */
  readonly #skeleton: Buffer[] = [];
  /** The bytes of the current item that came in earlier chunks, and how many they are. */
  #pieces: Buffer[] = [];
  #pending = 0;
  /** What lies between two items, if the second begins like the first one; null = nothing to rely on. */
  #border: Buffer | null | undefined;
  /** The current item is followed byte by byte; its state is below. */
  #follows = true;
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
    this.#takeItems(chunk, position);
  }

  /** To be called after the last byte. */
  end(): ItemStreamResult<T> {
    // Behind the last item no other begins.
    if (this.#phase === "items" && !this.#follows) this.#followAll(Buffer.alloc(0));
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

  /** Takes items, and what comes after them. */
  #takeItems(chunk: Buffer, from: number): void {
    let position = from;
    while (position < chunk.length) {
      if (this.#phase === "after") {
        this.#skeleton.push(chunk.subarray(position));
        return;
      }
      const border = this.#follows ? null : this.#border;
      position = border ? this.#leapItem(chunk, border, position) : this.#scanItem(chunk, position);
    }
  }

  /** Takes the item that ends where the next one seems to begin. Returns where it stopped. */
  #leapItem(chunk: Buffer, border: Buffer, from: number): number {
    const end = chunk.indexOf(border, from);
    if (end === -1) {
      const rest = chunk.subarray(from);
      if (this.#pending + rest.length > MOST_PENDING) this.#followAll(rest);
      else this.#keep(rest);
      return chunk.length;
    }
    const bytes = this.#takeBytes(chunk, from, end + 1);
    const item = tryParse(bytes);
    if (item === undefined) {
      this.#keep(bytes);
      this.#follow(chunk.subarray(end + 1));
      return chunk.length;
    }
    this.#items.push(this.#map(item));
    return end + 2;
  }

  /** Goes over to following the current item from its first byte on. */
  #follow(rest: Buffer): void {
    const bytes = this.#takeBytes(rest, 0, rest.length);
    this.#follows = true;
    this.#takeItems(bytes, 0);
  }

  /** The same for all items that are to come. */
  #followAll(rest: Buffer): void {
    this.#border = null;
    this.#follow(rest);
  }

  #keep(bytes: Buffer): void {
    if (bytes.length === 0) return;
    this.#pieces.push(bytes);
    this.#pending += bytes.length;
  }

  /** Follows one item to its end: a couple of comparisons a byte, state in locals. Returns where it stopped. */
  #scanItem(chunk: Buffer, from: number): number {
    const length = chunk.length;
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
        this.#finishItem(chunk, from, index - 1);
        return index;
      } else if ((byte | CASE_BIT) === OPEN) {
        depth += 1;
      } else if ((byte | CASE_BIT) === CLOSE) {
        depth -= 1;
        if (depth >= 0) continue;
        if (byte !== CLOSE_BRACKET) throw new BodyError("not_json", "the list is closed by a brace");
        this.#finishLastItem(chunk, from, index - 1);
        this.#phase = "after";
        // The closing bracket belongs to the skeleton.
        return index - 1;
      }
    }
    this.#escaped = index > length;
    this.#depth = depth;
    this.#inString = inString;
    this.#keep(chunk.subarray(from));
    return length;
  }

  #finishItem(chunk: Buffer, start: number, end: number): void {
    const bytes = this.#takeBytes(chunk, start, end);
    this.#depth = 0;
    this.#inString = false;
    if (this.#border === undefined) this.#border = borderBefore(bytes);
    this.#follows = this.#border === null;
    this.#items.push(this.#map(parseItem(bytes)));
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
    this.#pending = 0;
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

/** The bytes from the end of an item to the beginning of one like this; null where that says too little. */
function borderBefore(item: Buffer): Buffer | null {
  if (item[0] !== OPEN || item.length < OPENING_LENGTH) return null;
  return Buffer.concat([Buffer.from("},"), item.subarray(0, OPENING_LENGTH)]);
}

/** Undefined where it is not whole. */
function tryParse(bytes: Buffer): unknown {
  try {
    // ASCII, which most records are, is decoded several times faster as such.
    return JSON.parse(bytes.toString(isAscii(bytes) ? "latin1" : "utf8"));
  } catch {
    return undefined;
  }
}

function parseItem(bytes: Buffer): unknown {
  const item = tryParse(bytes);
  // The engine's own message would quote the text, which is a customer's.
  if (item === undefined) throw new BodyError("not_json", "an item of the list is not JSON");
  return item;
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
