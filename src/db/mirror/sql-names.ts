import { quoteIdentifier } from "./identifiers.ts";

export const MIRROR_SCHEMA = "attio";

/** A table of the mirror as it is written in SQL. */
export function mirrorTable(name: string): string {
  return `${MIRROR_SCHEMA}.${quoteIdentifier(name)}`;
}
