import type postgres from "postgres";
import type { Sandbox } from "../../src/sandbox/index.ts";
import type { OtherHands } from "../support/sides/other-hands.ts";

/** A local change that did not arrive. */
interface Refused {
  id: string;
  table: string;
  operation: string;
  /** The row, under its id in the change and its id of today. */
  row: string;
  today: string;
  /** Everything that was written, as text. */
  written: string;
  status: string;
  code: string;
  message: string | null;
}

/** Attio refuses for a moment only, and whoever hears it asks again; or it refuses what nobody wrote here: every value that is played is one that it takes. */
const NEVER = [
  "concurrent_write_conflict",
  "merge_in_progress",
  "rate_limit_exceeded",
  "internal_error",
  "validation_type",
  "missing_value",
];

/** What Attio says of something that is not there. */
const MISSING = ["not_found", "value_not_found"];

const UUIDS = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;

/** Changes that failed, or are in conflict, though nothing that others did in Attio or that was deleted here is a reason for it. */
export async function unexplained(
  user: postgres.Sql,
  sandbox: Sandbox,
  hands: OtherHands,
): Promise<string[]> {
  const refused = await user<Refused[]>`
    SELECT id, table_name AS table, operation, record_id AS row, attio.current_id(record_id) AS today,
      changes::text AS written, status, coalesce(error_code, '') AS code, error_message AS message
    FROM attio.changes WHERE status IN ('failed', 'conflict') ORDER BY id`;
  const deleted = await user<
    { id: string }[]
  >`SELECT record_id AS id FROM attio.changes WHERE operation = 'delete'`;
  const here = new Set(deleted.map(({ id }) => id));
  const merges = await user<{ id: string }[]>`SELECT old_record_id AS id FROM attio.merged_records`;
  const known = new Set(merges.map(({ id }) => id));
  const { items, threads } = sandbox.store.state;
  const mapped = await user<{ id: string; now: string }[]>`
    SELECT provisional_id AS id, attio.current_id(provisional_id) AS now FROM attio.id_map`;
  const attios = new Map(mapped.map(({ id, now }) => [id, now]));
  const isAway = (id: string): boolean => {
    // A merge that the mirror was told of is followed, and no reason.
    const today = hands.today(id);
    return (
      (today !== id && !known.has(id)) ||
      (hands.deleted(today) && !items.has(today)) ||
      here.has(id) ||
      here.has(today)
    );
  };
  // An id of Attio's that a row was inserted under, once its record was deleted, stands for either.
  const meaningsOf = (written: string): string[] => [written, attios.get(written) ?? written];
  const isUnexplained = ({ table, row, today, written, code }: Refused): boolean => {
    if (NEVER.includes(code)) return true;
    const named = written.match(UUIDS) ?? [];
    // One that was here under two ids for a moment may have been deleted under one, and changed under the other.
    const isRowAway = [row, today].some(
      (id) => hands.deleted(id) || here.has(id) || (hands.merged(id) && !known.has(id)),
    );
    if (MISSING.includes(code) && table === "comments" && written.includes('"thread_id"'))
      return named.some((id) => threads.has(id));
    if (MISSING.includes(code)) return !isRowAway && !named.flatMap(meaningsOf).some(isAway);
    if (code === "uniqueness_conflict") return !textsIn(written).some((text) => hands.gave(text));
    return false;
  };
  // A new row, and changes that have an attribute in common, fail together.
  const lane = ({ table, today, code }: Refused) => `${table} ${today} ${code}`;
  const explained = new Set(refused.filter((change) => !isUnexplained(change)).map(lane));
  return refused
    .filter((change) => isUnexplained(change) && !explained.has(lane(change)))
    .map(
      ({ id, table, operation, row, status, code, message }) =>
        `${operation} ${id} of ${table} ${row}: ${status} ${code}: ${message ?? ""}`,
    );
}

/** Every text in a piece of JSON. */
function textsIn(json: string): string[] {
  const texts: string[] = [];
  JSON.parse(json, (_, value: unknown) => {
    if (typeof value === "string") texts.push(value);
    return value;
  });
  return texts;
}
