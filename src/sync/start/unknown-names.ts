import type { Config } from "../../config.ts";
import type { Database } from "../../db/index.ts";
import { nearest } from "../../lib/nearest.ts";
import type { Log } from "../../logger.ts";
import { WRITABLE_STREAMS } from "../streams.ts";

/** A name in the configuration that the workspace does not have, e.g. `{ variable: "OUTBOUND", name: "pepole", nearest: "people" }`. */
export interface UnknownName {
  variable: "OUTBOUND" | "HISTORY";
  name: string;
  /** What was most likely meant. */
  nearest: string | undefined;
}

type Named = Pick<Config, "outbound" | "history">;

/** Names of `OUTBOUND` and `HISTORY` that are no stream's, or no attribute's, of these. Pure. */
export function unknownNames(
  { outbound, history }: Named,
  known: { streams: readonly string[]; attributes: readonly string[] },
): UnknownName[] {
  const check = (variable: UnknownName["variable"], names: readonly string[], all: readonly string[]) =>
    names
      .filter((name) => !all.includes(name))
      .map((name) => ({ variable, name, nearest: nearest(name, all) }));
  const chosen = history === "off" ? [] : history.split(",").map((name) => name.trim());
  return [
    ...check("OUTBOUND", typeof outbound === "string" ? [] : outbound, known.streams),
    ...check("HISTORY", chosen, ["status", ...known.attributes]),
  ];
}

/** Warns of names in the configuration that mean nothing: what they were to switch on would stay off without a word. */
export async function warnOfUnknownNames(db: Database, log: Log, config: Named): Promise<void> {
  const rows = await db.sql<{ stream: string; attributes: string[] }[]>`
    SELECT s.stream, coalesce(array_agg(s.stream || '.' || a.api_slug) FILTER (WHERE a.api_slug IS NOT NULL), '{}') AS attributes
    FROM attio_sync.streams s LEFT JOIN attio.attributes a ON a.object_id = s.source_id
    WHERE s.source_id IS NOT NULL GROUP BY s.stream`;
  // The schema was never read: nothing is known to compare with.
  if (rows.length === 0) return;
  const known = {
    streams: [...WRITABLE_STREAMS, ...rows.map(({ stream }) => stream)],
    attributes: rows.flatMap(({ attributes }) => attributes),
  };
  for (const { variable, name, nearest: meant } of unknownNames(config, known)) {
    const hint = meant === undefined ? "" : `; did you mean ${meant}?`;
    log.warn({ variable, name }, `${variable} names ${name}, which this workspace does not have${hint}`);
  }
}
