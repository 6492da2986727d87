import { quoteIdentifier, quoteLiteral } from "../../db/mirror/identifiers.ts";
import { mirrorTable } from "../../db/mirror/sql-names.ts";
import { BOOKKEEPING_COLUMNS, ENTRY_COLUMNS, RECORD_COLUMNS } from "../../db/mirror/tables.ts";

/** What the views need to know of a column. */
export interface ViewAttribute {
  slug: string;
  column: string;
  /** The element type decides: references go to `links`, lists of anything to `choices`. */
  isReference: boolean;
  multi: boolean;
  /** Column with the slug of the object pointed at; null where only one is allowed. */
  objectColumn: string | null;
  /** The only object pointed at; null where there are several. */
  onlyObject: string | null;
}

export interface ViewTable {
  kind: "object" | "list";
  /** The object's slug, or the list's. */
  slug: string;
  table: string;
  attributes: readonly ViewAttribute[];
}

/** The views over all tables, as `CREATE OR REPLACE VIEW` statements. Pure. Rows that are deleted softly are hidden. */
export function viewStatements(tables: readonly ViewTable[]): string[] {
  const objects = tables.filter((table) => table.kind === "object");
  const lists = tables.filter((table) => table.kind === "list");
  return [
    view("records", objects.map(recordRows), [
      "NULL::text AS object",
      "NULL::uuid AS record_id",
      "NULL::timestamptz AS created_at",
      "NULL::text AS web_url",
      "NULL::jsonb AS columns",
    ]),
    view("entries", lists.map(entryRows), [
      "NULL::text AS list",
      "NULL::uuid AS entry_id",
      "NULL::text AS parent_object",
      "NULL::uuid AS parent_record_id",
      "NULL::timestamptz AS created_at",
      "NULL::jsonb AS columns",
    ]),
    view(
      "links",
      [...tables.flatMap(referenceRows), ...lists.map(entryParentRows), ...RESOURCE_LINKS],
      [
        "NULL::text AS from_object",
        "NULL::uuid AS from_record_id",
        "NULL::text AS attribute",
        "NULL::text AS to_object",
        "NULL::uuid AS to_record_id",
      ],
    ),
    view("choices", tables.flatMap(choiceRows), [
      "NULL::text AS object",
      "NULL::uuid AS record_id",
      "NULL::text AS attribute",
      "NULL::text AS value",
    ]),
    STAGE_DURATIONS,
  ];
}

/** How long each record was in each status, when it came there and by whom; on the history of status attributes. */
const STAGE_DURATIONS = `CREATE OR REPLACE VIEW ${mirrorTable("stage_durations")} AS
  SELECT h.object, h.record_id, h.attribute, h.value #>> '{}' AS status, h.active_from AS entered_at,
    h.active_until AS left_at, coalesce(h.active_until, now()) - h.active_from AS duration,
    h.actor_type AS entered_by_type, h.actor_id AS entered_by_id, h.gap
  FROM attio.value_history h
  JOIN attio_sync.streams s ON s.stream = h.object
  JOIN attio.attributes a ON a.object_id = s.source_id AND a.api_slug = h.attribute AND a.type = 'status'`;

/** The first branch has no rows: it fixes names and types, also where there is no table yet. */
function view(name: string, branches: readonly string[], columns: readonly string[]): string {
  const empty = `SELECT ${columns.join(", ")} WHERE false`;
  return `CREATE OR REPLACE VIEW ${mirrorTable(name)} AS ${[empty, ...branches].join("\nUNION ALL ")}`;
}

/** How the views name the side that a link comes from: a list's entries carry the list's slug behind `list:`. */
function sourceName(table: ViewTable): string {
  return quoteLiteral(table.kind === "list" ? `list:${table.slug}` : table.slug);
}

function keyOf(table: ViewTable): string {
  return table.kind === "object" ? "record_id" : "entry_id";
}

const ALIVE = "t._deleted_at IS NULL";

function attributeColumns(own: readonly { name: string }[]): string {
  const others = [...own.map((column) => column.name), ...BOOKKEEPING_COLUMNS];
  return `to_jsonb(t) - ARRAY[${others.map(quoteLiteral).join(", ")}]`;
}

function recordRows(table: ViewTable): string {
  return `SELECT ${quoteLiteral(table.slug)}, t.record_id, t.created_at, t.web_url, ${attributeColumns(RECORD_COLUMNS)}
    FROM ${mirrorTable(table.table)} t WHERE ${ALIVE}`;
}

function entryRows(table: ViewTable): string {
  return `SELECT ${quoteLiteral(table.slug)}, t.entry_id, t.parent_object, t.parent_record_id, t.created_at, ${attributeColumns(ENTRY_COLUMNS)}
    FROM ${mirrorTable(table.table)} t WHERE ${ALIVE}`;
}

function referenceRows(table: ViewTable): string[] {
  return table.attributes
    .filter((attribute) => attribute.isReference)
    .map((attribute) => {
      const column = `t.${quoteIdentifier(attribute.column)}`;
      const object = attribute.objectColumn === null ? null : `t.${quoteIdentifier(attribute.objectColumn)}`;
      const only = attribute.onlyObject === null ? "NULL::text" : quoteLiteral(attribute.onlyObject);
      const from = `SELECT ${sourceName(table)}, t.${keyOf(table)}, ${quoteLiteral(attribute.slug)}`;
      const rows = `FROM ${mirrorTable(table.table)} t`;
      if (!attribute.multi) {
        return `${from}, ${object ?? only}, ${column} ${rows} WHERE ${ALIVE} AND ${column} IS NOT NULL`;
      }
      return object === null
        ? `${from}, ${only}, e.id ${rows} CROSS JOIN unnest(${column}) AS e(id) WHERE ${ALIVE}`
        : `${from}, e.object, e.id ${rows} CROSS JOIN unnest(${object}, ${column}) AS e(object, id) WHERE ${ALIVE}`;
    });
}

function entryParentRows(table: ViewTable): string {
  return `SELECT ${sourceName(table)}, t.entry_id, 'parent_record', t.parent_object, t.parent_record_id
    FROM ${mirrorTable(table.table)} t WHERE ${ALIVE}`;
}

const RESOURCE_LINKS = [
  `SELECT 'notes', t.note_id, 'parent_record', t.parent_object, t.parent_record_id
    FROM attio.notes t WHERE ${ALIVE} AND t.parent_record_id IS NOT NULL`,
  `SELECT 'tasks', t.task_id, 'linked_records', l ->> 'target_object_id', (l ->> 'target_record_id')::uuid
    FROM attio.tasks t CROSS JOIN jsonb_array_elements(t.linked_records) AS l WHERE ${ALIVE}`,
];

function choiceRows(table: ViewTable): string[] {
  return table.attributes
    .filter((attribute) => attribute.multi)
    .map(
      (attribute) =>
        `SELECT ${sourceName(table)}, t.${keyOf(table)}, ${quoteLiteral(attribute.slug)}, e.value::text
    FROM ${mirrorTable(table.table)} t CROSS JOIN unnest(t.${quoteIdentifier(attribute.column)}) AS e(value) WHERE ${ALIVE}`,
    );
}
