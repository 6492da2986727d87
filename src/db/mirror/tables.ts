/** The column types of the mirror. */
export type ColumnType =
  | "bigint"
  | "boolean"
  | "date"
  | "date[]"
  | "double precision"
  | "double precision[]"
  | "jsonb"
  | "numeric"
  | "smallint"
  | "text"
  | "text[]"
  | "timestamp with time zone"
  | "timestamp with time zone[]"
  | "uuid"
  | "uuid[]";

export interface Column {
  name: string;
  type: ColumnType;
}

/** A column of the mirror with what a reader of `\d+` sees beside it. */
export interface DescribedColumn extends Column {
  comment: string | null;
}

/** Bookkeeping of every mirrored table; no attribute may take these names. */
export const BOOKKEEPING_COLUMNS = ["_hash", "_fetch_seq", "_synced_at", "_deleted_at"] as const;

/** Columns that PostgreSQL itself has on every table. */
export const SYSTEM_COLUMNS = ["tableoid", "xmin", "cmin", "xmax", "cmax", "ctid", "oid"] as const;

export const RECORD_COLUMNS: readonly Column[] = [
  { name: "record_id", type: "uuid" },
  { name: "created_at", type: "timestamp with time zone" },
  { name: "web_url", type: "text" },
];

export const ENTRY_COLUMNS: readonly Column[] = [
  { name: "entry_id", type: "uuid" },
  { name: "parent_record_id", type: "uuid" },
  { name: "parent_object", type: "text" },
  { name: "created_at", type: "timestamp with time zone" },
];

/** Names in schema `attio` that belong to fixed tables and views, those of later versions included. */
export const FIXED_RELATIONS: readonly string[] = [
  "objects",
  "attributes",
  "select_options",
  "statuses",
  "lists",
  "workspace_members",
  "notes",
  "tasks",
  "threads",
  "comments",
  "meetings",
  "call_recordings",
  "files",
  "raw",
  "records",
  "entries",
  "links",
  "choices",
  "changes",
  "value_history",
  "stage_durations",
  "merged_records",
  "id_map",
];
