import { invalidPayload } from "../support/errors.ts";
import { uuid } from "../http/params.ts";
import type { Call } from "../http/route.ts";

/** A record that a query string names by two parameters. */
export interface NamedRecord {
  readonly objectId: string;
  readonly recordId: string;
}

/** The record that two parameters name together, undefined if both are absent. Throws 400 if one is missing. */
export function namedRecord(call: Call, objectParam: string, recordParam: string): NamedRecord | undefined {
  const object = call.query[objectParam];
  const record = call.query[recordParam];
  if (object === undefined && record === undefined) return undefined;
  if (object === undefined) throw invalidPayload([objectParam], "Required", "Query");
  if (record === undefined) throw invalidPayload([recordParam], "Required", "Query");
  return { objectId: call.store.object(object).id, recordId: uuid(record, recordParam) };
}
