import { pino } from "pino";
import { expect, it } from "vitest";
import { loadConfig } from "../../src/config.ts";
import { warnOfUnknownNames } from "../../src/sync/start/unknown-names.ts";
import { startMirror } from "../support/mirror.ts";

it("names of OUTBOUND and HISTORY that the workspace does not have are told, with what was meant", async () => {
  const mirror = await startMirror();
  await mirror.syncSchema();
  const lines: string[] = [];
  const log = pino({ level: "warn" }, { write: (line) => void lines.push(line) });
  const warned = async (env: Record<string, string>) => {
    lines.length = 0;
    await warnOfUnknownNames(mirror.db, log, loadConfig(env));
    return lines.map((line) => (JSON.parse(line) as { msg: string }).msg);
  };
  expect(
    await warned({
      OUTBOUND: "people,pepole,notes,zebra",
      HISTORY: "status,people.job_titel,people.job_title",
    }),
  ).toEqual([
    "OUTBOUND names pepole, which this workspace does not have; did you mean people?",
    "OUTBOUND names zebra, which this workspace does not have",
    "HISTORY names people.job_titel, which this workspace does not have; did you mean people.job_title?",
  ]);
  expect(await warned({ OUTBOUND: "*", HISTORY: "off" })).toEqual([]);
  expect(await warned({})).toEqual([]);
});
