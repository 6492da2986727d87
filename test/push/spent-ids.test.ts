import { setImmediate } from "node:timers/promises";
import { expect, it } from "vitest";
import { markSync } from "../../src/db/locks.ts";
import { past } from "../support/as-daemon.ts";
import { someoneWaits } from "../support/things.ts";
import { refusal, startThings } from "../support/writing-things.ts";

const DUPLICATE = /^duplicate key value violates unique constraint/;

it("a save under a spent id goes to the record that it became, never to a second one", async () => {
  const { user, push, mirror } = await startThings();
  const { store } = mirror.sandbox;
  const [made] = await user<{ id: string }[]>`
    INSERT INTO attio.projects (name, key) VALUES ('Saved', 'saved once') RETURNING record_id AS id`;
  const spent = made?.id ?? "";
  await push();
  const [row] = await user<{ id: string }[]>`SELECT attio.current_id(${spent}) AS id`;
  const today = row?.id ?? "";
  expect(today).not.toBe(spent);
  const projects = store.records("projects").length;

  const saved = await user`
    INSERT INTO attio.projects (record_id, name, key) VALUES (${spent}, 'Saved again', 'saved once')
    ON CONFLICT (record_id) DO UPDATE SET name = excluded.name, key = excluded.key RETURNING record_id AS id`;
  expect([...saved]).toEqual([{ id: today }]);
  await user`INSERT INTO attio.projects (record_id, name) VALUES (${spent}, 'Nothing') ON CONFLICT DO NOTHING`;
  expect(
    await refusal(user`INSERT INTO attio.projects (record_id, name) VALUES (${spent}, 'Plain')`),
  ).toMatch(DUPLICATE);
  expect(
    await refusal(
      user.unsafe(`MERGE INTO attio.projects p USING (SELECT '${spent}'::uuid AS id) s ON p.record_id = s.id
        WHEN NOT MATCHED THEN INSERT (record_id, name) VALUES (s.id, 'Merged')`),
    ),
  ).toMatch(DUPLICATE);
  const copying = user.begin(async (tx) => {
    const copy = await tx`COPY attio.projects (record_id, name) FROM STDIN`.writable();
    copy.on("error", () => undefined);
    copy.end(`${spent}\tCopied\n`);
    await setImmediate();
    await tx`SELECT 1`;
  });
  expect(await refusal(copying)).toMatch(/^current transaction is aborted/);
  await push();
  expect(store.records("projects")).toHaveLength(projects);
  expect(store.records("projects").filter(({ id }) => id === today)).toHaveLength(1);
  expect(await user`SELECT name FROM attio.projects WHERE record_id = ${today}`).toEqual([
    { name: "Saved again" },
  ]);
  expect(
    await user`SELECT operation, status FROM attio.changes WHERE record_id = ${today} ORDER BY id`,
  ).toEqual([
    { operation: "insert", status: "pushed" },
    { operation: "update", status: "pushed" },
  ]);

  // Deleted here, the id is free for a new record.
  await user`DELETE FROM attio.projects WHERE record_id = ${today}`;
  await push();
  await user`INSERT INTO attio.projects (record_id, name) VALUES (${spent}, 'Anew')`;
  await push();
  expect(store.records("projects")).toHaveLength(projects);
  expect(await user`SELECT name FROM attio.projects WHERE record_id = attio.current_id(${spent})`).toEqual([
    { name: "Anew" },
  ]);
});

it("a save under the id of before a merge, of an entry or of a note goes to today's row", async () => {
  const { user, push, mirror } = await startThings();
  const [one, two] = await user<{ id: string }[]>`
    SELECT record_id AS id FROM attio.companies ORDER BY record_id LIMIT 2`;
  const [old, kept] = [one?.id ?? "", two?.id ?? ""];
  await mirror.db.sql`
    INSERT INTO attio.merged_records (old_record_id, record_id, object) VALUES (${old}, ${kept}, 'companies')`;
  await past(mirror.db.sql)`DELETE FROM attio.companies WHERE record_id = ${old}`;
  const saved = await user`
    INSERT INTO attio.companies (record_id, description) VALUES (${old}, 'merged')
    ON CONFLICT (record_id) DO UPDATE SET description = excluded.description RETURNING record_id AS id`;
  expect([...saved]).toEqual([{ id: kept }]);

  const [entry] = await user<{ id: string }[]>`
    INSERT INTO attio.list_sales (parent_object, parent_record_id, remark) VALUES ('companies', ${kept}, 'first')
    RETURNING entry_id AS id`;
  const [note] = await user<{ id: string }[]>`
    INSERT INTO attio.notes (parent_object, parent_record_id, title, content_markdown) VALUES ('companies', ${kept}, 'first', 'x')
    RETURNING note_id AS id`;
  await push();
  const [entryNow] = await user`
    INSERT INTO attio.list_sales (entry_id, parent_object, parent_record_id, remark)
    VALUES (${entry?.id ?? ""}, 'companies', ${kept}, 'second')
    ON CONFLICT (entry_id) DO UPDATE SET remark = excluded.remark RETURNING entry_id = attio.current_id(${entry?.id ?? ""}) AS same`;
  const [noteNow] = await user`
    INSERT INTO attio.notes (note_id, parent_object, parent_record_id, title)
    VALUES (${note?.id ?? ""}, 'companies', ${kept}, 'second')
    ON CONFLICT (note_id) DO UPDATE SET title = excluded.title RETURNING note_id = attio.current_id(${note?.id ?? ""}) AS same`;
  expect([entryNow, noteNow]).toEqual([{ same: true }, { same: true }]);
  await push();
  expect(await user`SELECT status FROM attio.changes WHERE status <> 'pushed'`).toEqual([]);
});

it("an insert that waits for the settlement which spends its id is refused with today's id", async () => {
  const { user, mirror } = await startThings();
  const [made] = await user<{ id: string }[]>`
    INSERT INTO attio.projects (name) VALUES ('Waits') RETURNING record_id AS id`;
  const spent = made?.id ?? "";
  const today = "0f0f0f0f-0000-4000-8000-000000000001";
  let save: Promise<unknown> | undefined;
  await mirror.db.sql.begin(async (tx) => {
    await markSync(tx);
    await tx`UPDATE attio.projects SET record_id = ${today} WHERE record_id = ${spent}`;
    await tx`INSERT INTO attio.id_map (provisional_id, record_id, object) VALUES (${spent}, ${today}, 'projects')`;
    save = user`
      INSERT INTO attio.projects (record_id, name) VALUES (${spent}, 'Twice')
      ON CONFLICT (record_id) DO UPDATE SET name = excluded.name`.then(
      () => undefined,
      (error: unknown) => error,
    );
    await someoneWaits(mirror.db.sql);
  });
  expect(await save).toMatchObject({ code: "23505", hint: `Its id is ${today} now.` });
});
