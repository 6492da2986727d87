import { distance } from "fastest-levenshtein";

/** Of longer words more letters may be wrong. */
const LETTERS_PER_MISTAKE = 3;

/** The known word that a misspelt one was most likely meant to be, e.g. `people` for `pepole`; undefined for none. Pure. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const found = known
    .map((one) => ({ one, mistakes: distance(word.toLowerCase(), one.toLowerCase()) }))
    .toSorted((a, b) => a.mistakes - b.mistakes)[0];
  if (found === undefined || found.mistakes > Math.max(2, word.length / LETTERS_PER_MISTAKE))
    return undefined;
  return found.one;
}
