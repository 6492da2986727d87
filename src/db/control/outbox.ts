import { sql } from "drizzle-orm";
import { bigint, bigserial, boolean, index, integer, jsonb, text, uuid } from "drizzle-orm/pg-core";
import { mirrorSchema, syncSchema, timestamptz } from "./schemas.ts";

/** Where a local change stands. */
export type ChangeStatus = "pending" | "pushing" | "pushed" | "failed" | "conflict" | "discarded";

/** Values of a row's columns, as `to_jsonb` gives them. */
export type Cells = Record<string, unknown>;

/** Local changes, one row a changed row and statement, written by the triggers in the user's own transaction. */
export const outbox = syncSchema.table(
  "outbox",
  {
    id: bigserial("id", { mode: "number" }).primaryKey(),
    stream: text("stream").notNull(),
    /** The row's key as it is today: a provisional id until Attio has given its own. */
    recordId: uuid("record_id").notNull(),
    operation: text("operation").$type<"insert" | "update" | "delete">().notNull(),
    /** Column → new value; an attribute's columns go together. */
    changes: jsonb("changes").$type<Cells>().notNull(),
    /** Column → value before. */
    base: jsonb("base").$type<Cells>().notNull(),
    status: text("status").$type<ChangeStatus>().notNull().default("pending"),
    /** Attempts that may have reached Attio. */
    attempts: integer("attempts").notNull().default(0),
    errorCode: text("error_code"),
    errorMessage: text("error_message"),
    createdAt: timestamptz("created_at")
      .notNull()
      .default(sql`clock_timestamp()`),
    dueAt: timestamptz("due_at")
      .notNull()
      .default(sql`clock_timestamp()`),
    /** When the first attempt that may have reached Attio began. */
    attemptedAt: timestamptz("attempted_at"),
    claimedBy: integer("claimed_by"),
    claimedAt: timestamptz("claimed_at"),
    pushedAt: timestamptz("pushed_at"),
    /** The user said that ours counts, whatever the policy. */
    forced: boolean("forced").notNull().default(false),
    /** The user said that so many may go (design rule 15). */
    bulkAllowed: boolean("bulk_allowed").notNull().default(false),
    /** The user's transaction: changes of one transaction share a batch, e.g. 48213. */
    batch: bigint("batch", { mode: "number" })
      .notNull()
      .default(sql`(pg_current_xact_id()::text)::bigint`),
    /** Unique values that this change gives up, in lower case, e.g. `{ada@example.com}`; NULL for none. */
    frees: text("frees").array(),
  },
  (table) => [
    index("outbox_record").on(table.recordId, table.id),
    // What is due, and when the next change will be.
    index("outbox_due")
      .on(table.dueAt)
      .where(sql`status = 'pending'`),
    // Which batches of a stream wait, and what waits of each, without a walk over the whole backlog.
    index("outbox_batch")
      .on(table.stream, table.batch, table.id)
      .where(sql`status = 'pending'`),
    // Changes are kept for weeks once they are pushed; what is not is looked for each second.
    index("outbox_unsettled")
      .on(table.status, table.stream)
      .where(sql`status IN ('pushing', 'failed', 'conflict')`),
    // Before each create that no key tells apart, one that looks alike is looked for among those under way.
    index("outbox_creates")
      .on(table.stream)
      .where(sql`operation = 'insert' AND attempted_at IS NOT NULL AND status IN ('pending', 'pushing')`),
    // A change that claims a unique value waits for the one that gives it up.
    index("outbox_frees")
      .using("gin", table.frees)
      .where(sql`frees IS NOT NULL AND status IN ('pending', 'pushing', 'failed')`),
    index("outbox_bulk")
      .on(table.stream, table.operation)
      .where(sql`status = 'pending' AND NOT bulk_allowed AND operation IN ('insert', 'delete')`),
  ],
);

/** Values that had changed in Attio since the local change's base, and what was done about it. */
export const conflicts = syncSchema.table(
  "conflicts",
  {
    id: bigserial("id", { mode: "number" }).primaryKey(),
    stream: text("stream").notNull(),
    recordId: uuid("record_id").notNull(),
    attribute: text("attribute").notNull(),
    base: jsonb("base").$type<Cells>().notNull(),
    local: jsonb("local").$type<Cells>().notNull(),
    remote: jsonb("remote").$type<Cells>().notNull(),
    policy: text("policy").notNull(),
    /** Whose value stands: `attio`, `local`, or `none` while it waits for a decision. */
    winner: text("winner").notNull(),
    changeId: bigint("change_id", { mode: "number" }).notNull(),
    createdAt: timestamptz("created_at")
      .notNull()
      .default(sql`now()`),
  },
  (table) => [index("conflicts_record").on(table.recordId)],
);

/** Provisional ids of rows that were inserted here, and what Attio calls them. */
export const idMap = mirrorSchema.table(
  "id_map",
  {
    provisionalId: uuid("provisional_id").primaryKey(),
    recordId: uuid("record_id").notNull(),
    object: text("object").notNull(),
    createdAt: timestamptz("created_at")
      .notNull()
      .default(sql`now()`),
  },
  (table) => [index("id_map_record").on(table.recordId)],
);
