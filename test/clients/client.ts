/** A value as it can be written down in JSON, so that a client may be another process: times are ISO strings. */
export type Cell = string | number | boolean | null | readonly string[];
export type Row = Readonly<Record<string, Cell>>;

/** What a client says of a statement: rows it touched; undefined where it does not say. */
export type Touched = number | undefined;

/** A row as the client's own object, e.g. an entity that its unit of work knows. */
export interface Loaded {
  readonly row: Row;
  /** Sets the values and saves the object the client's own way, with all columns where it has no dirty check. */
  save(change: Row): Promise<Touched>;
}

/** What an application does through a client, in a transaction or outside of one. `model` is a key of `MODELS`. */
export interface Session {
  /** Inserts a row and gives the key that RETURNING gave. */
  insert(model: string, row: Row): Promise<string>;
  /** Inserts rows by one statement. */
  insertMany(model: string, rows: readonly Row[]): Promise<void>;
  /** Reads a row by its key. */
  load(model: string, key: string): Promise<Loaded>;
  /** Inserts the row, or writes all of it over the one that has its key (INSERT … ON CONFLICT (key) DO UPDATE). */
  upsert(model: string, row: Row): Promise<void>;
  /** Changes a row by its key without reading it. */
  update(model: string, key: string, change: Row): Promise<Touched>;
  /** Changes by one statement all rows whose columns equal `where`. */
  updateMany(model: string, where: Row, change: Row): Promise<Touched>;
  /** Deletes a row by its key. */
  remove(model: string, key: string): Promise<Touched>;
}

/** Rows that were touched, or a part of the error's message. */
export type Report = Touched | string;

export interface Client extends Session {
  /** Rolls back and throws on where the work throws. */
  transaction(work: (session: Session) => Promise<void>): Promise<void>;
  /** How it answers to a provisional id after Attio's own has taken its place. */
  readonly spent: {
    readonly save: Report;
    readonly update: Report;
    readonly remove: Report;
    /** Set where an upsert touches nothing, without an error; elsewhere it goes to the record. */
    readonly upsert?: "nothing";
  };
  close(): Promise<void>;
}

export type ColumnType = "uuid" | "text" | "text[]" | "uuid[]" | "timestamptz" | "numeric" | "bigint";

/** A table as an application maps it. */
export interface Model {
  readonly table: string;
  readonly key: string;
  readonly columns: Readonly<Record<string, ColumnType>>;
}

/** Columns that only the mirror writes; a generated mapping has them, so they are part of every whole row. */
const READ_ONLY = {
  created_at: "timestamptz",
  created_by: "uuid",
  _hash: "uuid",
  _fetch_seq: "bigint",
  _synced_at: "timestamptz",
  _deleted_at: "timestamptz",
} as const;

const DEAL = {
  name: "text",
  stage: "text",
  owner: "uuid",
  value: "numeric",
  associated_people: "uuid[]",
  associated_company: "uuid",
} as const;

export const MODELS = {
  people: {
    table: "people",
    key: "record_id",
    columns: {
      record_id: "uuid",
      name: "text",
      name_first: "text",
      name_last: "text",
      email_addresses: "text[]",
      description: "text",
      company: "uuid",
      job_title: "text",
      last_interaction: "timestamptz",
      web_url: "text",
      ...READ_ONLY,
    },
  },
  companies: {
    table: "companies",
    key: "record_id",
    columns: {
      record_id: "uuid",
      name: "text",
      domains: "text[]",
      description: "text",
      categories: "text[]",
      team: "uuid[]",
      web_url: "text",
      ...READ_ONLY,
    },
  },
  deals: {
    table: "deals",
    key: "record_id",
    columns: { record_id: "uuid", ...DEAL, web_url: "text", ...READ_ONLY },
  },
  /** The same table by a column of the application's own; `prepare` adds it. */
  own_deals: { table: "deals", key: "app_id", columns: { app_id: "uuid", ...DEAL } },
  entries: {
    table: "list_sales",
    key: "entry_id",
    columns: {
      entry_id: "uuid",
      parent_record_id: "uuid",
      parent_object: "text",
      remark: "text",
      reasons: "text[]",
      ...READ_ONLY,
    },
  },
  notes: {
    table: "notes",
    key: "note_id",
    columns: {
      note_id: "uuid",
      parent_object: "text",
      parent_record_id: "uuid",
      title: "text",
      content_plaintext: "text",
      created_at: "timestamptz",
    },
  },
} as const satisfies Record<string, Model>;

/** A model by its name. */
export function modelOf(name: string): Model {
  const model = (MODELS as Readonly<Record<string, Model>>)[name];
  if (model === undefined) throw new Error(`no model ${name}`);
  return model;
}

/** What an application runs once: a key of its own, which no settling changes. */
export const OWN_KEY =
  "ALTER TABLE attio.deals ADD COLUMN app_id uuid NOT NULL UNIQUE DEFAULT gen_random_uuid()";

/** The values of a row that an upsert writes over an existing one: all but its key. */
export function withoutKey(model: string, row: Row): Row {
  const { key } = modelOf(model);
  return Object.fromEntries(Object.entries(row).filter(([column]) => column !== key));
}
