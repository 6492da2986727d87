/** Counts what had to be left out of texts, because PostgreSQL cannot hold it. */
export interface TextTally {
  droppedCharacters: number;
}

/** A text as PostgreSQL can hold it: without U+0000, and with lone surrogates replaced. */
export function cleanText(text: string, tally: TextTally): string {
  const formed = text.isWellFormed() ? text : text.toWellFormed();
  if (!formed.includes("\0")) return formed;
  const clean = formed.replaceAll("\0", "");
  tally.droppedCharacters += formed.length - clean.length;
  return clean;
}

/** Cleans every text inside a JSON value, keys included. */
export function cleanJson(value: unknown, tally: TextTally): unknown {
  if (typeof value === "string") return cleanText(value, tally);
  if (Array.isArray(value)) return value.map((item) => cleanJson(item, tally));
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [cleanText(key, tally), cleanJson(item, tally)]),
    );
  }
  return value;
}

/** Digits of a second that PostgreSQL keeps. */
const FRACTION = /(\.\d{6})\d+/;

/** How long Attio's own form is: `2025-03-25T06:44:30.177000000Z`. */
const ATTIO_LENGTH = 30;
const DOT = 0x2e;
const ZULU = 0x5a;

/**
 * A timestamp cut to microseconds. PostgreSQL would round, and a row could then lie outside of the window that its
 * creation puts it in. Attio writes nine digits (observed in live answers).
 */
export function cutTimestamp(timestamp: string): string {
  // A record has dozens of them, nearly all of this form, which needs no search.
  if (
    timestamp.length === ATTIO_LENGTH &&
    timestamp.charCodeAt(19) === DOT &&
    timestamp.charCodeAt(29) === ZULU
  ) {
    return `${timestamp.slice(0, 26)}Z`;
  }
  return timestamp.length > 27 ? timestamp.replace(FRACTION, "$1") : timestamp;
}
