import { KEPT } from "./tables.ts";

/** Something that writes to every row of a table. */
export interface Statement {
  title: string;
  /** Who runs it: a user, or the daemon, of whom nothing is captured. */
  by: "user" | "daemon";
  /** Whether every row gives a change, or none. */
  isCaptured: boolean;
  /** How many times as long as without triggers it may take; undefined where nothing is wanted. */
  most?: number;
  /** Its text for a table; with `$1`, it is run for each of the first rows' ids. "pages": as the daemon writes rows. */
  text: ((table: string) => string) | "pages";
}

/** How many rows a statement is run for that changes one. */
export const SINGLE_ROWS = 500;

/** The daemon's writes shall cost what they cost without triggers, but for what cannot be told from noise. */
const SAME = 1.1;

const ONE = "field_1 = coalesce(field_1, 0) + 1";
const TEXT = "field_0 = coalesce(field_0, '') || '!'";
const THREE = `${ONE}, field_4 = coalesce(field_4, '2024-01-01') + 1, field_9 = coalesce(field_9, '') || '!'`;
const LIST = "field_16 = CASE WHEN field_16 = '{North}' THEN '{South,East}' ELSE '{North}' END::text[]";

/** The statement that the target is about. */
export const UPDATE_ONE = update("UPDATE of one column", ONE);

const SINGLES: Statement = {
  title: `${SINGLE_ROWS} UPDATEs of one row`,
  by: "user",
  isCaptured: true,
  text: (table) => `UPDATE ${table} SET ${ONE} WHERE record_id = $1`,
};

/** What an open table's triggers could slow down. */
export const STATEMENTS: readonly Statement[] = [
  { ...UPDATE_ONE, most: 3 },
  update("UPDATE of a text", TEXT),
  update("UPDATE of three columns", THREE),
  update("UPDATE of a multi-select", LIST),
  { ...update("UPDATE that changes nothing", "field_1 = field_1"), isCaptured: false },
  {
    title: "INSERT",
    by: "user",
    isCaptured: true,
    text: (table) =>
      `INSERT INTO ${table} (field_0, field_1, field_4, field_16) SELECT field_0, field_1, field_4, field_16 FROM attio.${KEPT}`,
  },
  { title: "DELETE", by: "user", isCaptured: true, text: (table) => `DELETE FROM ${table}` },
  SINGLES,
  { ...UPDATE_ONE, by: "daemon", isCaptured: false },
  { ...SINGLES, by: "daemon", isCaptured: false, most: SAME },
  { title: "upserts, 500 rows each", by: "daemon", isCaptured: false, most: SAME, text: "pages" },
];

function update(title: string, assignments: string): Statement {
  return { title, by: "user", isCaptured: true, text: (table) => `UPDATE ${table} SET ${assignments}` };
}
