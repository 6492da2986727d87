/** Which streams' tables take local writes, as `OUTBOUND` says: none, all, or these. */
export type Outbound = "off" | "*" | readonly string[];

/** What the tables' triggers depend on. */
export interface LocalWrites {
  isOpen: (stream: string) => boolean;
  /** A local DELETE leaves the row, with `_deleted_at`. */
  softDelete: boolean;
}

/** Reads the configuration for the schema's sake. Pure. */
export function localWrites(outbound: Outbound, deleteMode: "hard" | "soft"): LocalWrites {
  return {
    isOpen: (stream) => outbound !== "off" && (outbound === "*" || outbound.includes(stream)),
    softDelete: deleteMode === "soft",
  };
}
