import type { Standing } from "../../db/queries/compare.ts";

/** What a look at Attio tells of a row that was unequal before. */
export interface Look {
  /** The ticket drawn before the request was sent. */
  begin: number;
  /** Whether Attio has changed the row since it was looked at before. */
  hasChanged: boolean;
  /** The row claims by its hash to be just what Attio has. */
  isTampered: boolean;
}

export type Judgement =
  | "drift"
  /** It is going to be fetched again. */
  | "in flight"
  /** Somebody changed it meanwhile: look again. */
  | "undecided"
  | "set aside";

/**
 * Says whether a row that is still unequal when it is looked at again has drifted. Pure.
 *
 * A row whose hash says that it equals Attio's has drifted for certain: no apply would write it, so neither a dirty mark
 * nor an earlier failure explains it. Else the mirror may just be about to take the change up.
 */
export function judge(standing: Standing, look: Look): Judgement {
  if (look.isTampered) return "drift";
  if (standing.isMarked) return "in flight";
  // Written or deleted by a fetch that may be newer than this one (design rule 1).
  if (standing.fetchSeq !== null && standing.fetchSeq >= look.begin) return "undecided";
  if (look.hasChanged) return "undecided";
  return standing.setAside === null ? "drift" : "set aside";
}
