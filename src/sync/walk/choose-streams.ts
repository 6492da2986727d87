import type { StreamRow } from "../../db/queries/streams.ts";
import type { StreamToRead, WantedStreams } from "../../db/queries/wanted-streams.ts";
import { FIXED_STREAMS, UnknownStreamError } from "../streams.ts";
import { isChildStream } from "./child-streams.ts";

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
  return known.filter((row) => wanted.length === 0 || wanted.includes(row.stream)).toSorted(byRank);
}

/**
 * Those of the wanted streams that may be read now, in the same order. What is found through rows of other streams waits
 * until all of those have been read, also by others. Pure.
 */
export function readyStreams({ wanted, running }: Omit<WantedStreams, "isSchemaRead">): StreamToRead[] {
  const isParentLeft = [...wanted, ...running].some((row) => !isChildStream(row.stream));
  return wanted.filter((row) => !isParentLeft || !isChildStream(row.stream)).toSorted(byRank);
}

function byRank(a: StreamToRead, b: StreamToRead): number {
  return rank(a) - rank(b) || (a.stream < b.stream ? -1 : 1);
}

function rank(row: StreamToRead): number {
  if (row.stream === "members") return 0;
  if (row.kind === "object") return 1;
  if (row.kind === "list") return 2;
  return 3 + (FIXED_STREAMS as readonly string[]).indexOf(row.stream);
}

/** Of objects and lists the schema sync has just looked whether such a state still holds; the others must be tried. */
export function isNotShown({ kind, state }: StreamRow): boolean {
  return kind !== "fixed" && NOT_SHOWN.has(state);
}
