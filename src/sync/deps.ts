import type { AttioClient } from "../attio/index.ts";
import type { Database } from "../db/client.ts";
import type { Log } from "../logger.ts";
import type { Outbound } from "./local-writes.ts";

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
  /** Which streams' tables take local writes. */
  outbound: Outbound;
}
