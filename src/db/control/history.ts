import { sql } from "drizzle-orm";
import { bigserial, boolean, index, jsonb, text, uuid } from "drizzle-orm/pg-core";
import { mirrorSchema, timestamptz } from "./schemas.ts";

/** Every value of every attribute from the day we watch, and the earlier ones of the attributes in HISTORY. */
export const valueHistory = mirrorSchema.table(
  "value_history",
  {
    id: bigserial("id", { mode: "number" }).primaryKey(),
    object: text("object").notNull(),
    recordId: uuid("record_id").notNull(),
    attribute: text("attribute").notNull(),
    value: jsonb("value"),
    activeFrom: timestamptz("active_from"),
    activeUntil: timestamptz("active_until"),
    actorType: text("actor_type"),
    actorId: text("actor_id"),
    observedAt: timestamptz("observed_at")
      .notNull()
      .default(sql`now()`),
    /** Values before this one may be missing. */
    gap: boolean("gap").notNull().default(false),
    /** Read from Attio's own history; the others were put together from what we saw. */
    exact: boolean("_exact").notNull().default(false),
  },
  (table) => [
    index("value_history_record").on(table.recordId, table.attribute, table.activeFrom),
    // With the record, so that whichever of the two a planner without statistics takes, it reads one record's values.
    index("value_history_attribute").on(table.object, table.attribute, table.recordId),
  ],
);

/** Records that were merged away, and what they became. */
export const mergedRecords = mirrorSchema.table("merged_records", {
  oldRecordId: uuid("old_record_id").primaryKey(),
  recordId: uuid("record_id").notNull(),
  object: text("object").notNull(),
  mergedAt: timestamptz("merged_at")
    .notNull()
    .default(sql`now()`),
});
