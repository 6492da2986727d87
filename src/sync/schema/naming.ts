import { fitIdentifier, withHash } from "../../db/mirror/identifiers.ts";
import { BOOKKEEPING_COLUMNS, FIXED_RELATIONS, SYSTEM_COLUMNS } from "../../db/mirror/tables.ts";

/** Rows are objects by column here and in every JavaScript driver, and no object can have such a property. */
const UNUSABLE = ["__proto__"];

/** A name that was given before, and the slug it was given for. */
export interface GivenColumns {
  slug: string;
  column: string;
  /** Suffix → column. */
  sides: Readonly<Record<string, string>>;
}

export interface AttributeToName {
  id: string;
  slug: string;
  suffixes: readonly string[];
}

export interface NamedColumns {
  column: string;
  sides: Record<string, string>;
}

export interface ColumnNamingInput {
  attributes: readonly AttributeToName[];
  given: ReadonlyMap<string, GivenColumns>;
  /** The table's own columns (`record_id`, `created_at`, …). */
  fixed: readonly string[];
  /** All columns that the table has now, those of users included. */
  existing: Iterable<string>;
}

/**
 * Names the columns of one table. Pure. A name once given stays until its attribute's own slug changes; a newcomer
 * yields: first `_attr`, then a hash (design rule 33).
 */
export function nameColumns({
  attributes,
  given,
  fixed,
  existing,
}: ColumnNamingInput): Map<string, NamedColumns> {
  const reserved = [...fixed, ...BOOKKEEPING_COLUMNS, ...SYSTEM_COLUMNS, ...UNUSABLE];
  const taken = new Set<string>([...reserved, ...existing]);
  const named = new Map<string, NamedColumns>();
  const staying = attributes.filter(({ id, slug }) => given.get(id)?.slug === slug);
  const naming = attributes.filter(({ id, slug }) => given.get(id)?.slug !== slug);

  // What a renamed attribute leaves behind is free for others in the same round, so that two slugs may swap.
  for (const { id } of naming) {
    for (const name of columnsOf(given.get(id))) taken.delete(name);
  }
  for (const name of reserved) taken.add(name);
  for (const { id } of staying) for (const name of columnsOf(given.get(id))) taken.add(name);

  const take = (candidate: string, seed: string): string => {
    const name = [
      fitIdentifier(candidate),
      fitIdentifier(`${candidate}_attr`),
      withHash(candidate, seed),
    ].find((option) => !taken.has(option));
    if (name === undefined) throw new Error(`no free column name for ${candidate}`);
    taken.add(name);
    return name;
  };
  const nameAll = ({ id, slug, suffixes }: AttributeToName, kept: NamedColumns | undefined): void => {
    const column = kept?.column ?? take(slug, id);
    const sides = Object.fromEntries(
      suffixes.map((suffix) => [suffix, kept?.sides[suffix] ?? take(`${slug}_${suffix}`, `${id}_${suffix}`)]),
    );
    named.set(id, { column, sides });
  };

  for (const attribute of staying) nameAll(attribute, keptNames(given.get(attribute.id)));
  // Attributes with side columns first: a plain attribute whose slug looks like a side column yields to it.
  const bySides = naming.toSorted(
    (a, b) => Number(a.suffixes.length === 0) - Number(b.suffixes.length === 0),
  );
  for (const attribute of bySides) nameAll(attribute, undefined);
  return named;
}

function keptNames(given: GivenColumns | undefined): NamedColumns | undefined {
  return given === undefined ? undefined : { column: given.column, sides: { ...given.sides } };
}

function columnsOf(given: GivenColumns | undefined): string[] {
  return given === undefined ? [] : [given.column, ...Object.values(given.sides)];
}

export interface TableNamingInput {
  kind: "object" | "list";
  id: string;
  slug: string;
  given: { slug: string; table: string } | undefined;
  /** Every name in the schema that is not this table's own. */
  taken: ReadonlySet<string>;
}

/** Names the table of an object or list. Pure; a name stays until the slug changes. */
export function nameTable({ kind, id, slug, given, taken }: TableNamingInput): string {
  if (given?.slug === slug) return given.table;
  const plain = kind === "list" ? `list_${slug}` : FIXED_RELATIONS.includes(slug) ? `object_${slug}` : slug;
  const name = fitIdentifier(plain);
  return taken.has(name) || FIXED_RELATIONS.includes(name) ? withHash(plain, id) : name;
}
