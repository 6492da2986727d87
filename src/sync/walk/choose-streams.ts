import type { StreamRow } from "../../db/queries/streams.ts";
import { FIXED_STREAMS, UnknownStreamError } from "../streams.ts";

/** States in which Attio would refuse every page, or PostgreSQL has no table for it. */
const NOT_SHOWN = new Set(["hidden", "gone", "disabled", "forbidden", "unfit"]);

/**
 * The streams to read, in an order that has parents first: members, records, entries, and what hangs on them. Pure.
 *
 * @param wanted names of streams; none = all
 * @throws {UnknownStreamError} when a named stream does not exist
 */
export function chooseStreams(all: readonly StreamRow[], wanted: readonly string[]): StreamRow[] {
  const known = all.filter(
    (row) => row.kind !== "fixed" || (FIXED_STREAMS as readonly string[]).includes(row.stream),
  );
  const names = known.map((row) => row.stream);
  for (const name of wanted) if (!names.includes(name)) throw new UnknownStreamError(name, names);
  return known
    .filter((row) => wanted.length === 0 || wanted.includes(row.stream))
    .toSorted((a, b) => rank(a) - rank(b) || (a.stream < b.stream ? -1 : 1));
}

function rank(row: StreamRow): number {
  if (row.stream === "members") return 0;
  if (row.kind === "object") return 1;
  if (row.kind === "list") return 2;
  return 3 + (FIXED_STREAMS as readonly string[]).indexOf(row.stream);
}

/** Of objects and lists the schema sync has just looked whether such a state still holds; the others must be tried. */
export function isNotShown({ kind, state }: StreamRow): boolean {
  return kind !== "fixed" && NOT_SHOWN.has(state);
}
