import { once } from "node:events";
import { fetchPage, PAGE_SIZE, readAttributes } from "../bench-object.ts";
import type { BenchRecord } from "../bench-object.ts";
import type { Contestant } from "../contestant.ts";
import { copyText } from "../copy-text.ts";
import { createSql } from "../../../src/db/index.ts";
import { flatColumns } from "../flat-row.ts";

/** Pages under way at a time: more than this gain nothing on two cores. */
const WORKERS = 2;

/** The floor of reading: pages over HTTP, parsed, thrown away. */
export const fetchAndParse: Contestant = ({ place }) =>
  Promise.resolve({
    go: () =>
      eachPage(
        (offset) => fetchPage(place, offset),
        () => Promise.resolve(),
      ),
    close: () => Promise.resolve(),
  });

/** The floor of mirroring: pages parsed and copied into an empty table; nothing is compared, hashed or checked. */
export const fetchAndCopy: Contestant = async ({ place, databaseUrl }) => {
  const columns = flatColumns(await readAttributes(place));
  const sql = createSql(databaseUrl, { connections: WORKERS });
  const key = "PRIMARY KEY (record_id)";
  await sql.unsafe("DROP TABLE IF EXISTS floor");
  await sql.unsafe(
    `CREATE TABLE floor (${[...columns.map(({ name, type }) => `${name} ${type}`), key].join(", ")})`,
  );
  return {
    go: () =>
      eachPage(
        (offset) => fetchPage(place, offset),
        async (records) => {
          const copy = await sql`COPY floor FROM STDIN`.writable();
          copy.end(copyText(records, columns));
          await once(copy, "finish");
        },
      ),
    close: () => sql.end(),
  };
};

async function eachPage(
  fetch: (offset: number) => Promise<string>,
  use: (records: BenchRecord[]) => Promise<void>,
): Promise<number> {
  let next = 0;
  let total = 0;
  let isAtEnd = false;
  const work = async () => {
    while (!isAtEnd) {
      const offset = next;
      next += PAGE_SIZE;
      const { data } = JSON.parse(await fetch(offset)) as { data: BenchRecord[] };
      total += data.length;
      if (data.length < PAGE_SIZE) isAtEnd = true;
      if (data.length > 0) await use(data);
    }
  };
  await Promise.all(Array.from({ length: WORKERS }, work));
  return total;
}
