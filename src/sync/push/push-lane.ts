import {
  AttioApiError,
  AttioError,
  AttioMergeInProgressError,
  AttioRateLimitError,
  AttioServerError,
  type RequestOptions,
} from "../../attio/index.ts";
import { endChanges, noteRefused, returnChanges, type Lane } from "../../db/queries/outbox.ts";
import { isLockTimeout } from "../../db/pg-errors.ts";
import { PlanChangedError } from "../apply/target.ts";
import type { Endpoint } from "./endpoint.ts";
import { ClaimLostError, LaneFailedError, LaterError, UNKNOWN_REFERENCE_MS } from "./lane-errors.ts";
import { LanePush } from "./lane-push.ts";
import type { PushDeps } from "./push-deps.ts";

/** Pushes one lane. Never throws for what Attio says: each change ends, or is given back with its reason. */
export async function pushLane(
  deps: PushDeps,
  endpoint: Endpoint,
  lane: Lane,
  options: RequestOptions,
): Promise<void> {
  const push = new LanePush(deps, endpoint, lane, options);
  const { sql } = deps.db;
  const taken = [...lane.changes];
  for (;;) {
    try {
      await push.run();
      return;
    } catch (error) {
      if (error instanceof PlanChangedError) {
        await endpoint.reload();
        continue;
      }
      if (error instanceof ClaimLostError) return;
      if (error instanceof LaterError) {
        await returnChanges(sql, taken, { delay: error.delay, sent: false });
        return;
      }
      if (error instanceof LaneFailedError) {
        await endChanges(sql, taken, "failed", { code: error.code, message: error.message });
        return;
      }
      if (isLockTimeout(error)) {
        // A user has the row; what was sent is found equal at the next attempt.
        await returnChanges(sql, taken, { delay: 1, sent: true });
        return;
      }
      if (!(error instanceof AttioError)) {
        await returnChanges(sql, taken, { delay: 1, sent: true });
        throw error;
      }
      await failOrRetry(deps, lane, error);
      return;
    }
  }
}

/** Attio's refusals end a change; everything else is tried again, ever more slowly. */
async function failOrRetry({ db, log }: PushDeps, lane: Lane, error: AttioError): Promise<void> {
  const ids = lane.changes.map(({ id }) => id);
  const attempts = Math.max(...lane.changes.map((change) => change.attempts));
  const refused =
    error instanceof AttioApiError &&
    !(error instanceof AttioServerError) &&
    !(error instanceof AttioRateLimitError) &&
    !(error instanceof AttioMergeInProgressError) &&
    error.status !== 401;
  const message =
    error instanceof AttioApiError && error.apiMessage !== "" ? error.apiMessage : error.message;
  if (refused) await noteRefused(db.sql, ids);
  const isYoung = Date.now() - (lane.changes[0]?.createdAtMs ?? 0) < UNKNOWN_REFERENCE_MS;
  const maybeLater = refused && error.code === "value_not_found" && namesRecords(lane) && isYoung;
  log.warn({ stream: lane.stream, id: lane.recordId, code: error.code, attempts }, "a change was not pushed");
  if (refused && !maybeLater) {
    await endChanges(db.sql, lane.changes, "failed", { code: error.code, message });
    return;
  }
  const delay = maybeLater ? 2 : Math.min(300, 0.5 * 2 ** Math.min(attempts, 10));
  await returnChanges(db.sql, lane.changes, { delay, sent: true, code: error.code, message });
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

function namesRecords(lane: Lane): boolean {
  return lane.changes.some(({ changes }) =>
    Object.values(changes)
      .flat()
      .some((value) => typeof value === "string" && UUID.test(value)),
  );
}
