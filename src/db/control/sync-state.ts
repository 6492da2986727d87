import { sql } from "drizzle-orm";
import {
  bigint,
  bigserial,
  boolean,
  doublePrecision,
  index,
  integer,
  jsonb,
  primaryKey,
  text,
  uuid,
} from "drizzle-orm/pg-core";
import { syncSchema, timestamptz } from "./schemas.ts";

/** Orders fetches and applies: drawn before a request is sent and after its answer arrived. */
export const fetchSeq = syncSchema.sequence("fetch_seq");

/** Numbers dirty marks, so that a mark set while its record was being fetched survives the fetch. */
export const markSeq = syncSchema.sequence("mark_seq");

/** Single facts: the pinned workspace, the version of the views. */
export const settings = syncSchema.table("settings", {
  key: text("key").primaryKey(),
  value: jsonb("value").notNull(),
});

/** One row a stream: may it be read, and which version of its table's plan is in force. */
export const streams = syncSchema.table("streams", {
  stream: text("stream").primaryKey(),
  kind: text("kind").notNull(),
  /** The object's or list's id; NULL for the fixed streams. */
  sourceId: uuid("source_id"),
  state: text("state").notNull().default("ok"),
  reason: text("reason"),
  planVersion: bigint("plan_version", { mode: "number" }).notNull().default(0),
  lastBackfillAt: timestamptz("last_backfill_at"),
  /** Nothing is written to the stream's object or list before, since Attio refuses every write alike, e.g. by the plan. */
  writesPausedUntil: timestamptz("writes_paused_until"),
  /** Attio's code and message, e.g. `billing_error`; NULL while writes are accepted. */
  writesPauseCode: text("writes_pause_code"),
  writesPauseMessage: text("writes_pause_message"),
});

/** One row a backfill run; its counters are the sum over its parts, which never share a row lock. */
export const runs = syncSchema.table(
  "runs",
  {
    id: bigserial("id", { mode: "number" }).primaryKey(),
    stream: text("stream").notNull(),
    state: text("state").notNull(),
    reason: text("reason"),
    firstTicket: bigint("first_ticket", { mode: "number" }).notNull(),
    deleted: bigint("deleted", { mode: "number" }).notNull().default(0),
    requests: bigint("requests", { mode: "number" }).notNull().default(0),
    startedAt: timestamptz("started_at")
      .notNull()
      .default(sql`now()`),
    finishedAt: timestamptz("finished_at"),
    holder: uuid("holder"),
    holderPid: integer("holder_pid"),
    holderStartedAt: timestamptz("holder_started_at"),
    leaseExpiresAt: timestamptz("lease_expires_at"),
  },
  (table) => [index("runs_stream").on(table.stream, table.id)],
);

/** A checkpoint: how far one window (or crawl) of a run has got, written with the rows it covers. */
export const runParts = syncSchema.table(
  "run_parts",
  {
    runId: bigint("run_id", { mode: "number" })
      .notNull()
      .references(() => runs.id, { onDelete: "cascade" }),
    part: integer("part").notNull(),
    cursor: jsonb("cursor").notNull(),
    done: boolean("done").notNull().default(false),
    rows: bigint("rows", { mode: "number" }).notNull().default(0),
    written: bigint("written", { mode: "number" }).notNull().default(0),
    unchanged: bigint("unchanged", { mode: "number" }).notNull().default(0),
    requests: bigint("requests", { mode: "number" }).notNull().default(0),
    droppedCharacters: bigint("dropped_characters", { mode: "number" }).notNull().default(0),
  },
  (table) => [primaryKey({ columns: [table.runId, table.part] })],
);

/** Ids that a run expected and did not see: candidates for deletion, each confirmed first. */
export const runMissing = syncSchema.table(
  "run_missing",
  {
    runId: bigint("run_id", { mode: "number" })
      .notNull()
      .references(() => runs.id, { onDelete: "cascade" }),
    /** Which table's row: a run over comments finds missing threads too. */
    stream: text("stream").notNull(),
    id: uuid("id").notNull(),
  },
  (table) => [primaryKey({ columns: [table.runId, table.stream, table.id] })],
);

/** Ids seen by a run over a listing without an order to close windows by. */
export const runSeen = syncSchema.table(
  "run_seen",
  {
    runId: bigint("run_id", { mode: "number" })
      .notNull()
      .references(() => runs.id, { onDelete: "cascade" }),
    id: uuid("id").notNull(),
  },
  (table) => [primaryKey({ columns: [table.runId, table.id] })],
);

/** What was deleted, and by which ticket, so that an older page cannot bring it back. */
export const tombstones = syncSchema.table(
  "tombstones",
  {
    stream: text("stream").notNull(),
    id: uuid("id").notNull(),
    fetchSeq: bigint("fetch_seq", { mode: "number" }).notNull(),
    /** Whether Attio told us of the deletion; the silent ones count against the hourly cap. */
    announced: boolean("announced").notNull().default(false),
    deletedAt: timestamptz("deleted_at")
      .notNull()
      .default(sql`now()`),
  },
  (table) => [
    primaryKey({ columns: [table.stream, table.id] }),
    index("tombstones_recent").on(table.stream, table.deletedAt),
  ],
);

/** What must be fetched again. */
export const dirty = syncSchema.table(
  "dirty",
  {
    stream: text("stream").notNull(),
    id: uuid("id").notNull(),
    mark: bigint("mark", { mode: "number" })
      .notNull()
      .default(sql`nextval('attio_sync.mark_seq')`),
    reason: text("reason").notNull(),
    markedAt: timestamptz("marked_at")
      .notNull()
      .default(sql`now()`),
    /** What is needed to fetch it besides its id, such as a recording's meeting. */
    detail: jsonb("detail"),
    /** Doorbells since the last fetch: more of them than changed values means that values in between were missed. */
    rings: integer("rings").notNull().default(1),
    /** Whether Attio said that it is gone: such a deletion does not count against the cap. */
    announced: boolean("announced").notNull().default(false),
    /** The second look at a record whose doorbell found nothing changed. */
    again: boolean("again").notNull().default(false),
    dueAt: timestamptz("due_at")
      .notNull()
      .default(sql`now()`),
    claimedUntil: timestamptz("claimed_until"),
    /** The server process of the connection that claimed it: once that is gone, so is the claim. */
    claimedBy: integer("claimed_by"),
    attempts: integer("attempts").notNull().default(0),
  },
  (table) => [
    primaryKey({ columns: [table.stream, table.id] }),
    index("dirty_due").on(table.stream, table.dueAt),
  ],
);

/** Rows that could not be read, written or deleted, with the reason; everything else went on. */
export const setAside = syncSchema.table(
  "set_aside",
  {
    stream: text("stream").notNull(),
    id: uuid("id").notNull(),
    code: text("code").notNull(),
    reason: text("reason").notNull(),
    attempts: integer("attempts").notNull().default(1),
    setAsideAt: timestamptz("set_aside_at")
      .notNull()
      .default(sql`now()`),
  },
  (table) => [primaryKey({ columns: [table.stream, table.id] })],
);

/** When the next request of each kind may go, shared by every process (seconds since the epoch). */
export const budgets = syncSchema.table("budgets", {
  name: text("name").primaryKey(),
  nextAt: doublePrecision("next_at").notNull().default(0),
  pausedUntil: doublePrecision("paused_until").notNull().default(0),
});
