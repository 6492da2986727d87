import type { Tx } from "../../db/client.ts";
import { quoteIdentifier } from "../../db/mirror/identifiers.ts";
import { mirrorTable } from "../../db/mirror/sql-names.ts";
import { markDirty } from "../../db/queries/dirty.ts";

/** An option or status whose title changed. */
export interface TitleChange {
  from: string;
  to: string;
}

export interface TitledColumn {
  stream: string;
  table: string;
  key: string;
  column: string;
  multi: boolean;
}

/**
 * Renames titles in the rows that hold them: one CASE over the column, since two titles may swap. The rows lose their
 * hash and are marked dirty, because their content is no longer what was last read (design rule 6).
 */
export async function renameTitles(
  tx: Tx,
  target: TitledColumn,
  changes: readonly TitleChange[],
): Promise<void> {
  if (changes.length === 0) return;
  const from = changes.map((change) => change.from);
  const to = changes.map((change) => change.to);
  const column = quoteIdentifier(target.column);
  // A title that is not renamed stays; array_position finds the pair to a title in $1/$2.
  const renamed = (value: string) => `coalesce(($2::text[])[array_position($1::text[], ${value})], ${value})`;
  const expression = target.multi
    ? `(SELECT array_agg(${renamed("title")} ORDER BY place) FROM unnest(${column}) WITH ORDINALITY AS e(title, place))`
    : renamed(column);
  const holds = target.multi ? `${column} && $1::text[]` : `${column} = ANY($1::text[])`;
  const rows = await tx.unsafe<{ id: string }[]>(
    `UPDATE ${mirrorTable(target.table)} SET ${column} = ${expression}, _hash = NULL
     WHERE ${holds} RETURNING ${quoteIdentifier(target.key)} AS id`,
    [from, to],
  );
  await renameInOutbox(tx, target, changes);
  await markDirty(
    tx,
    target.stream,
    rows.map((row) => row.id),
    "title renamed",
  );
}

/** What waits to be pushed names the titles that the user saw; after the rows, whose locks its writers held. */
async function renameInOutbox(
  tx: Tx,
  { stream, column, multi }: TitledColumn,
  changes: readonly TitleChange[],
): Promise<void> {
  const to = Object.fromEntries(changes.map((change) => [change.from, change.to]));
  const renamed = (cells: string) =>
    multi
      ? `(SELECT jsonb_agg(coalesce($3::jsonb -> t, to_jsonb(t)) ORDER BY n) FROM jsonb_array_elements_text(
           CASE jsonb_typeof(${cells} -> $2) WHEN 'array' THEN ${cells} -> $2 ELSE '[]' END) WITH ORDINALITY AS e(t, n))`
      : `coalesce($3::jsonb -> (${cells} ->> $2), ${cells} -> $2)`;
  const cells = (name: string) =>
    `${name} = CASE WHEN ${name} ? $2 THEN ${name} || jsonb_build_object($2::text, ${renamed(name)}) ELSE ${name} END`;
  await tx.unsafe(
    `UPDATE attio_sync.outbox SET ${cells("changes")}, ${cells("base")}
     WHERE stream = $1 AND status IN ('pending', 'pushing', 'failed', 'conflict') AND (changes ? $2 OR base ? $2)`,
    [stream, column, JSON.stringify(to)],
  );
}
