/** What the mirror holds under an id when an apply looks at it, its row locked. */
export type Held =
  | { kind: "row"; hash: string | null; fetchSeq: number }
  /** Somebody else holds the row's lock; waiting for them would stall the page. */
  | { kind: "locked" }
  | { kind: "tombstone"; fetchSeq: number }
  | { kind: "nothing" };

export type Decision =
  /** Equal already. */
  | "unchanged"
  | "write"
  /** Cannot tell which is newer: leave it and fetch it again. */
  | "refetch"
  /** Deleted by somebody who looked later than this page was asked for. */
  | "ignore";

/**
 * Says what an apply may do with one fetched row. Pure. It may change a row only when its fetch is certainly newer:
 * when the ticket drawn before the request was sent lies above the ticket that the row keeps (design rule 1).
 *
 * @param begin the ticket drawn before the request was sent
 */
export function decide(fetched: { hash: string }, begin: number, held: Held): Decision {
  switch (held.kind) {
    case "nothing":
      return "write";
    case "locked":
      return "refetch";
    case "tombstone":
      return begin > held.fetchSeq ? "write" : "ignore";
    case "row":
      if (held.hash === fetched.hash) return "unchanged";
      return begin > held.fetchSeq ? "write" : "refetch";
  }
}
