import { AttioAuthError, AttioNotFoundError } from "../../attio/index.ts";
import { safeMessage } from "../../lib/safe-message.ts";
import type { StreamState } from "../../db/queries/streams.ts";
import { sourceRefusal } from "../schema/read-catalog.ts";

/** What an error says of the stream that was walked. Pure. */
export function outcomeOf(error: unknown): { state: StreamState; reason: string } {
  const refusal = sourceRefusal(error);
  if (refusal !== undefined) return refusal;
  if (error instanceof AttioNotFoundError) return { state: "gone", reason: error.apiMessage };
  return { state: "failed", reason: safeMessage(error) };
}

/** Whether the token itself is refused, so that no other stream could be read either. Pure. */
export function isTokenRefused(error: unknown): boolean {
  return error instanceof AttioAuthError && error.status === 401;
}
