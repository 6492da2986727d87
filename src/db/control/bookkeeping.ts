import { bigint, uuid } from "drizzle-orm/pg-core";
import { timestamptz } from "./schemas.ts";

/** The columns that every mirrored table ends with (names start with an underscore: no Attio field does). */
export function bookkeeping() {
  return {
    hash: uuid("_hash"),
    fetchSeq: bigint("_fetch_seq", { mode: "number" }).notNull().default(0),
    syncedAt: timestamptz("_synced_at"),
    deletedAt: timestamptz("_deleted_at"),
  };
}
