import type { AttioClient } from "../attio/index.ts";
import type { Database } from "../db/client.ts";
import type { Log } from "../logger.ts";

/** What DELETE in Attio does to the mirror's row. */
export type DeleteMode = "hard" | "soft";

/** What everything that syncs works with. */
export interface SyncDeps {
  db: Database;
  client: AttioClient;
  log: Log;
  /** Keep Attio's whole JSON of records and entries in `attio.raw`. */
  raw: boolean;
  deleteMode: DeleteMode;
}
