import { planTable } from "../../db/mirror/ddl.ts";
import type { Rename } from "../../db/mirror/ddl.ts";
import type { ExistingSchema, ExistingTable } from "../../db/mirror/introspect.ts";
import type { Capture, CapturedGroup } from "../../db/mirror/capture-plan.ts";
import { ENTRY_COLUMNS, RECORD_COLUMNS } from "../../db/mirror/tables.ts";
import type { Column, DescribedColumn } from "../../db/mirror/tables.ts";
import { attributeShape, isWritable } from "../mapping/shape.ts";
import type { AttributeShape } from "../mapping/shape.ts";
import { sourceId, sourceStream } from "./catalog.ts";
import type { CatalogAttribute, CatalogSource } from "./catalog.ts";
import type { LocalWrites } from "../local-writes.ts";
import { nameColumns, nameTable } from "./naming.ts";
import type { GivenColumns, NamedColumns } from "./naming.ts";

/** How a source was mirrored before. */
export interface GivenSource {
  slug: string;
  table: string;
  stream: string;
  /** By attribute id. */
  columns: ReadonlyMap<string, GivenColumns>;
}

export interface SourcePlan {
  stream: string;
  /** The stream's name before its slug changed; the same as `stream` otherwise. */
  formerStream: string;
  table: string;
  statements: readonly string[];
  columns: ReadonlyMap<string, NamedColumns>;
  /** Columns that get another name. */
  renames: readonly Rename[];
}

/**
 * System attributes that repeat what every record or entry has outside of its values: they share the fixed column.
 * Slugs: docs.attio.com, "Standard objects"; the entry's as seen by integrators.
 */
const SHARED_COLUMNS = {
  object: new Map([
    ["record_id", "record_id"],
    ["created_at", "created_at"],
  ]),
  list: new Map([
    ["entry_id", "entry_id"],
    ["created_at", "created_at"],
    ["parent_record", "parent_record_id"],
  ]),
} as const;

/** The fixed column that an attribute shares, if it is one of those that repeat it. */
export function sharedColumn(kind: "object" | "list", slug: string, isSystem: boolean): string | undefined {
  return isSystem ? SHARED_COLUMNS[kind].get(slug) : undefined;
}

/** Plans the table of an object or a list: (what there is, what Attio says) → statements and names. Pure. */
export function planSource(
  source: CatalogSource,
  given: GivenSource | undefined,
  existing: ExistingSchema,
  writes: LocalWrites,
): SourcePlan {
  const slug = source.row.apiSlug;
  const have = given === undefined ? undefined : existing.tables.get(given.table);
  const table = nameTable({
    kind: source.kind,
    id: sourceId(source),
    slug,
    given,
    taken: new Set([...existing.relations].filter((name) => name !== given?.table)),
  });
  const fixedColumns = source.kind === "object" ? RECORD_COLUMNS : ENTRY_COLUMNS;
  const usable = usableNames(source, given, have);
  const columns = nameSourceColumns(source, usable, fixedColumns, have);
  const stream = sourceStream(source);
  const renames = planColumnRenames(usable, columns, have);
  const statements = planTable(
    have,
    {
      name: table,
      comment: tableComment(source),
      fixedColumns,
      columns: source.attributes.flatMap((attribute) => describeColumns(source.kind, attribute, columns)),
      capture: writes.isOpen(stream) ? planCapture(source, columns, have, writes) : null,
    },
    renames,
  );
  return { stream, formerStream: given?.stream ?? stream, table, statements, columns, renames };
}

/** The shape of an attribute of the catalog. */
export function shapeOf(attribute: CatalogAttribute): AttributeShape {
  return attributeShape({
    type: attribute.description.type,
    isMultiselect: attribute.description.isMultiselect,
    allowedObjectIds: attribute.allowedObjectIds,
  });
}

/** Names given before, but for attributes whose type no longer fits their column: those start afresh. */
function usableNames(
  source: CatalogSource,
  given: GivenSource | undefined,
  have: ExistingTable | undefined,
): Map<string, GivenColumns> {
  const usable = new Map<string, GivenColumns>();
  for (const attribute of source.attributes) {
    const { attributeId } = attribute.description;
    const names = given?.columns.get(attributeId);
    if (names === undefined) continue;
    const type = have?.columns.get(names.column)?.type;
    if (type === undefined || type === shapeOf(attribute).type) usable.set(attributeId, names);
  }
  return usable;
}

function nameSourceColumns(
  source: CatalogSource,
  given: ReadonlyMap<string, GivenColumns>,
  fixedColumns: readonly Column[],
  have: ExistingTable | undefined,
): Map<string, NamedColumns> {
  const shared = new Map<string, NamedColumns>();
  const toName = [];
  for (const attribute of source.attributes) {
    const { attributeId: id, apiSlug: slug, isSystemAttribute } = attribute.description;
    const column = sharedColumn(source.kind, slug, isSystemAttribute);
    if (column !== undefined) {
      shared.set(id, { column, sides: {} });
      continue;
    }
    const suffixes = shapeOf(attribute).sides.map((side) => side.suffix);
    // A side column once made goes on being filled, even where the attribute's definition no longer asks for it.
    const kept = Object.keys(given.get(id)?.sides ?? {}).filter((suffix) => !suffixes.includes(suffix));
    toName.push({ id, slug, suffixes: [...suffixes, ...kept] });
  }
  const named = nameColumns({
    attributes: toName,
    given,
    fixed: fixedColumns.map((column) => column.name),
    existing: have?.columns.keys() ?? [],
  });
  return new Map([...shared, ...named]);
}

function describeColumns(
  kind: "object" | "list",
  attribute: CatalogAttribute,
  named: ReadonlyMap<string, NamedColumns>,
): DescribedColumn[] {
  const { attributeId, apiSlug, isSystemAttribute, title, type } = attribute.description;
  const names = named.get(attributeId);
  if (names === undefined || sharedColumn(kind, apiSlug, isSystemAttribute) !== undefined) return [];
  const shape = shapeOf(attribute);
  const comment = `${title ?? apiSlug} (${type}${shape.multi ? ", several" : ""})`;
  const sides = shape.sides.map((side) => ({
    name: sideName(names, side.suffix),
    type: side.type,
    comment: `${comment}: ${side.suffix.replaceAll("_", " ")}`,
  }));
  return [{ name: names.column, type: shape.type, comment }, ...sides];
}

function sideName(names: NamedColumns, suffix: string): string {
  const name = names.sides[suffix];
  if (name === undefined) throw new Error(`side column ${suffix} has no name`);
  return name;
}

/** What the triggers of an open table capture: the columns of each attribute that Attio lets us write go together. */
function planCapture(
  source: CatalogSource,
  named: ReadonlyMap<string, NamedColumns>,
  have: ExistingTable | undefined,
  { softDelete }: LocalWrites,
): Capture {
  const groups: CapturedGroup[] = [];
  const own = source.kind === "object" ? RECORD_COLUMNS : ENTRY_COLUMNS;
  const readOnly = own.filter(({ name }) => name === "created_at" || name === "web_url");
  const insertOnly = source.kind === "object" ? [] : ["parent_record_id", "parent_object"];
  for (const attribute of source.attributes) {
    const { attributeId, apiSlug, isSystemAttribute } = attribute.description;
    const names = named.get(attributeId);
    if (names === undefined || sharedColumn(source.kind, apiSlug, isSystemAttribute) !== undefined) continue;
    const shape = shapeOf(attribute);
    const sides = shape.sides.map(({ suffix, type }) => ({ name: sideName(names, suffix), type }));
    const main: Column = { name: names.column, type: shape.type };
    if (!isWritable(attribute.description, shape.kind)) {
      readOnly.push(main, ...sides);
      continue;
    }
    // Attio sets an amount's currency by the attribute.
    if (shape.kind === "currency") readOnly.push(...sides);
    groups.push({
      columns: shape.kind === "currency" ? [main] : [main, ...sides],
      unique: attribute.description.isUnique,
      needsMain: shape.kind === "record-reference" || shape.kind === "actor-reference",
    });
  }
  // Side columns that an attribute's definition no longer asks for go on being filled.
  const captured = new Set([
    ...readOnly.map(({ name }) => name),
    ...groups.flatMap(({ columns }) => columns.map(({ name }) => name)),
  ]);
  for (const { sides } of named.values())
    for (const side of Object.values(sides))
      if (!captured.has(side) && have?.columns.has(side) === true)
        readOnly.push({ name: side, type: "text" });
  const key = source.kind === "object" ? "record_id" : "entry_id";
  return {
    stream: sourceStream(source),
    id: sourceId(source),
    key,
    insertOnly,
    required: insertOnly,
    groups,
    readOnly,
    softDelete,
  };
}

function planColumnRenames(
  given: ReadonlyMap<string, GivenColumns>,
  columns: ReadonlyMap<string, NamedColumns>,
  have: ExistingTable | undefined,
): Rename[] {
  const renames: Rename[] = [];
  for (const [id, now] of columns) {
    const before = given.get(id);
    if (before === undefined) continue;
    const pairs = [
      [before.column, now.column],
      ...Object.entries(now.sides).map(([suffix, name]) => [before.sides[suffix], name]),
    ];
    for (const [from, to] of pairs) {
      if (from !== undefined && to !== undefined && from !== to && have?.columns.has(from) === true)
        renames.push({ from, to });
    }
  }
  return renames;
}

function tableComment(source: CatalogSource): string {
  return source.kind === "object"
    ? `Attio object: ${source.row.pluralNoun ?? source.row.apiSlug}`
    : `Attio list: ${source.row.name ?? source.row.apiSlug}`;
}
