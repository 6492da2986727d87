import { beforeAll, describe, expect, it } from "vitest";
import { deliverEvents, drain } from "../../support/live.ts";
import { findDifferences } from "../../support/oracle.ts";
import { startWriting, type Writing } from "../../support/writing.ts";
import { hasPsql, psql } from "./psql.ts";

const isThere = hasPsql();

it.runIf(process.env["REQUIRE_CLIENTS"] === "1")("psql is there for the tests that need it", () => {
  expect(isThere).toBe(true);
});

describe.skipIf(!isThere)("psql (needs postgresql-client)", () => {
  let writing: Writing;
  let settled: () => Promise<void>;
  let owner: string;
  /** The last change that was looked at. */
  let seen = 0;

  beforeAll(async () => {
    writing = await startWriting({ mirror: { life: "file" } });
    ({ settled } = deliverEvents(writing.mirror));
    const [member] = await writing.user<{ id: string }[]>`
      SELECT workspace_member_id AS id FROM attio.workspace_members ORDER BY 1 LIMIT 1`;
    owner = member?.id ?? "";
  });

  const run = (script: string) => psql(writing.mirror.db.url, script);
  const dealsInAttio = () => writing.mirror.sandbox.store.records("deals").length;

  /** Pushes, lets what comes of it come back, and expects both sides to be equal. @returns the changes since the last call */
  async function sync(): Promise<[operation: string, status: string, changes: object][]> {
    await writing.push();
    await settled();
    await drain(writing.mirror);
    expect(await findDifferences(writing.mirror.sandbox, writing.mirror.db.sql, { resources: [] })).toEqual(
      [],
    );
    const rows = await writing.user<{ id: string; operation: string; status: string; changes: object }[]>`
      SELECT id, operation, status, changes FROM attio.changes WHERE id > ${seen} ORDER BY id`;
    seen = Number(rows.at(-1)?.id ?? seen);
    return rows.map(({ operation, status, changes }) => [operation, status, changes]);
  }

  async function namesAndStages(ids: readonly string[]): Promise<string[][]> {
    const rows = await writing.user<{ name: string; stage: string }[]>`
      SELECT name, stage FROM attio.deals WHERE record_id = ANY(${ids}) ORDER BY name`;
    return rows.map(({ name, stage }) => [name, stage]);
  }

  /** An id that an application makes up. */
  const newId = (): string => crypto.randomUUID();

  /** New deals. @returns the ids that were given to them, and those that they have in Attio */
  async function spentDeals(...names: string[]): Promise<{ spent: string[]; current: string[] }> {
    const rows = names.map((name) => ({
      record_id: newId(),
      name,
      stage: "Lead",
      owner,
    }));
    await writing.user`INSERT INTO attio.deals ${writing.user(rows)}`;
    await sync();
    const spent = rows.map(({ record_id }) => record_id);
    const ids = await writing.user<{ id: string }[]>`
      SELECT attio.current_id(id) AS id FROM unnest(${spent}::uuid[]) WITH ORDINALITY AS given(id, place) ORDER BY place`;
    const current = ids.map(({ id }) => id);
    expect(current.filter((id) => spent.includes(id))).toEqual([]);
    return { spent, current };
  }

  it("COPY and \\copy of new rows make one record each", async () => {
    const before = dealsInAttio();
    const rows = (name: string) => [1, 2, 3].map((n) => `${name} ${String(n)}\tLead\t${owner}`).join("\n");
    const said = await run(`
COPY attio.deals (name, stage, owner) FROM STDIN;
${rows("Copied")}
\\.
\\copy attio.deals (name, stage, owner) FROM pstdin
${rows("Copied by psql")}
\\.
`);
    expect(said).toBe("COPY 3\nCOPY 3");
    expect((await sync()).map(([operation, status]) => [operation, status])).toEqual(
      Array.from({ length: 6 }, () => ["insert", "pushed"]),
    );
    expect(dealsInAttio()).toBe(before + 6);
  });

  it("COPY of a row under a spent id is refused whole", async () => {
    const { spent } = await spentDeals("To be copied");
    const before = dealsInAttio();
    const said = await run(`
COPY attio.deals (record_id, name, stage, owner) FROM STDIN;
${spent[0] ?? ""}\tCopied again\tLead\t${owner}
${crypto.randomUUID()}\tCopied along\tLead\t${owner}
\\.
`);
    expect(said).toContain("duplicate key value violates unique constraint");
    expect(await sync()).toEqual([]);
    expect(dealsInAttio()).toBe(before);
  });

  it("MERGE takes a spent id for a row that is not there: it is refused, and goes to the record by today's id", async () => {
    const { spent, current } = await spentDeals("To be merged");
    const before = dealsInAttio();
    const merge = (id: string) => `
MERGE INTO attio.deals AS d USING (VALUES (${id}, 'Merged in', 'Won 🎉', '${owner}'::uuid)) AS s (id, name, stage, owner)
ON d.record_id = s.id
WHEN MATCHED THEN UPDATE SET name = s.name, stage = s.stage
WHEN NOT MATCHED THEN INSERT (record_id, name, stage, owner) VALUES (s.id, s.name, s.stage, s.owner);`;
    expect(await run(merge(`'${spent[0] ?? ""}'::uuid`))).toContain(
      "duplicate key value violates unique constraint",
    );
    expect(await sync()).toEqual([]);
    expect(await run(merge(`attio.current_id('${spent[0] ?? ""}')`))).toBe("MERGE 1");
    expect(await sync()).toEqual([["update", "pushed", { name: "Merged in", stage: "Won 🎉" }]]);
    expect(dealsInAttio()).toBe(before);
    expect(await namesAndStages(current)).toEqual([["Merged in", "Won 🎉"]]);
  });

  it("INSERT … SELECT … ON CONFLICT DO UPDATE puts spent, today's and new ids where they belong", async () => {
    const { spent, current } = await spentDeals("Upsert 1", "Upsert 2");
    const before = dealsInAttio();
    const [one = ""] = spent;
    const [, two = ""] = current;
    const said = await run(`
INSERT INTO attio.deals (record_id, name, stage, owner)
SELECT id, name, 'Lost', '${owner}' FROM (VALUES
  ('${one}'::uuid, 'Upserted 1'), ('${two}', 'Upserted 2'), ('${crypto.randomUUID()}', 'Upserted 3')) AS s (id, name)
ON CONFLICT (record_id) DO UPDATE SET name = excluded.name, stage = excluded.stage;`);
    expect(said).toBe("INSERT 0 3");
    const changes = await sync();
    expect(changes.map(([operation, status]) => `${operation} ${status}`).toSorted()).toEqual([
      "insert pushed",
      "update pushed",
      "update pushed",
    ]);
    expect(dealsInAttio()).toBe(before + 1);
    expect(await namesAndStages(current)).toEqual([
      ["Upserted 1", "Lost"],
      ["Upserted 2", "Lost"],
    ]);
  });

  it("UPDATE … FROM of old ids finds the rows through attio.current_id", async () => {
    const { spent, current } = await spentDeals("Joined 1", "Joined 2");
    const table = (ids: readonly string[]) =>
      `(VALUES ${ids.map((id, place) => `('${id}'::uuid, 'From ${String(place)}')`).join(", ")}) AS s (id, name)`;
    expect(
      await run(`UPDATE attio.deals d SET name = s.name FROM ${table(spent)} WHERE d.record_id = s.id;`),
    ).toBe("UPDATE 0");
    expect(await sync()).toEqual([]);
    expect(
      await run(
        `UPDATE attio.deals d SET name = s.name FROM ${table(spent)} WHERE d.record_id = attio.current_id(s.id);`,
      ),
    ).toBe("UPDATE 2");
    expect((await sync()).map(([operation, status]) => [operation, status])).toEqual([
      ["update", "pushed"],
      ["update", "pushed"],
    ]);
    expect(await namesAndStages(current)).toEqual([
      ["From 0", "Lead"],
      ["From 1", "Lead"],
    ]);
  });
});
