import { z } from "zod";
import { dataBody } from "../body.ts";
import { ask, type Api, type RequestOptions } from "../requests.ts";

/** Attio answers for at most 30 s (docs: "SQL"). */
const TIMEOUT_MS = 40_000;
/** Reported by integrators. */
const QUERIES_PER_SECOND = 2;

const rowsSchema = z.looseObject({ rows: z.array(z.record(z.string(), z.unknown())) });

/** Runs one `SELECT` in Attio's own SQL, a feature of its Enterprise plan. Throws AttioValidationError `filter_error`. */
export function createSql(api: Api) {
  return async (sql: string, options?: RequestOptions): Promise<Record<string, unknown>[]> => {
    const read = dataBody(rowsSchema);
    const request = ask("/v2/sql", { body: { sql }, limitPerSecond: QUERIES_PER_SECOND, read });
    const { rows } = await api.send({ ...request, timeoutMs: TIMEOUT_MS }, options);
    return rows;
  };
}
