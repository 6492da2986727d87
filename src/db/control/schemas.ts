import { customType, pgSchema } from "drizzle-orm/pg-core";

/** The mirror: what users query. */
export const mirrorSchema = pgSchema("attio");

/** The machine's own state: runs, tickets, tombstones, dirty marks. */
export const syncSchema = pgSchema("attio_sync");

/** `timestamptz` kept as Postgres prints it: a JavaScript Date would lose the microseconds. */
export const timestamptz = customType<{ data: string; driverData: string }>({
  dataType: () => "timestamp with time zone",
});
