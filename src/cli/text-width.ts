const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/** Scripts whose characters terminals draw two columns wide, and pictures. */
const WIDE =
  /\p{Script=Han}|\p{Script=Hangul}|\p{Script=Hiragana}|\p{Script=Katakana}|\p{Emoji_Presentation}|[\uff01-\uff60]/u;

/** Bytes that move the cursor or change colours, and marks that reverse what follows: data must not draw on the terminal. */
const UNPRINTABLE = /[\p{Cc}\p{Bidi_Control}]+/gu;

/** How many columns a text takes on a terminal; a fair guess, since terminals differ on emoji. */
export function textWidth(text: string): number {
  let width = 0;
  for (const { segment } of graphemes.segment(text)) width += WIDE.test(segment) ? 2 : 1;
  return width;
}

/** Puts a text on one line that is safe to print. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, " ").trim();
}

/** Cuts a text to a width, with an ellipsis for what is lost. */
export function cutTo(text: string, width: number): string {
  if (textWidth(text) <= width) return text;
  let cut = "";
  let used = 1;
  for (const { segment } of graphemes.segment(text)) {
    used += WIDE.test(segment) ? 2 : 1;
    if (used > width) break;
    cut += segment;
  }
  return `${cut}…`;
}
