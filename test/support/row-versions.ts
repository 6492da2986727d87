import type { Sql } from "../../src/db/client.ts";

/** Who wrote a row (`xmin`) and who locked it (`xmax`, 0 for nobody). */
interface Version {
  writer: string;
  locker: string;
}

/** Every row of schema `attio`, by where it lies (`ctid`). */
export type RowVersions = ReadonlyMap<string, Version>;

/** Reads where every row of schema `attio` lies, who wrote it, and who locked it. */
export async function rowVersions(sql: Sql): Promise<RowVersions> {
  const tables = await sql<{ name: string }[]>`
    SELECT format('%I.%I', n.nspname, c.relname) AS name
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = 'attio' AND c.relkind = 'r' ORDER BY 1`;
  const versions = new Map<string, Version>();
  for (const { name } of tables) {
    const rows = await sql.unsafe<({ at: string } & Version)[]>(
      `SELECT ctid::text AS at, xmin::text AS writer, xmax::text AS locker FROM ${name}`,
    );
    for (const { at, writer, locker } of rows) versions.set(`${name} ${at}`, { writer, locker });
  }
  return versions;
}

/**
 * The rows that were written, moved, locked or removed in between: where, and by which transactions. That autovacuum forgets
 * who locked a row once is none of it.
 */
export function touchedRows(before: RowVersions, after: RowVersions): string[] {
  const touched = [...new Set([...before.keys(), ...after.keys()])].filter((place) => {
    const [old, now] = [before.get(place), after.get(place)];
    return old?.writer !== now?.writer || (old?.locker !== now?.locker && now?.locker !== "0");
  });
  return touched.map((place) => `${place}: ${show(before.get(place))} -> ${show(after.get(place))}`);
}

function show(version: Version | undefined): string {
  return version === undefined ? "none" : `written by ${version.writer}, locked by ${version.locker}`;
}
