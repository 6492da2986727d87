import { expect, it } from "vitest";
import type { Misbehaviour } from "../../src/sandbox/index.ts";
import { discardChanges } from "../../src/sync/push/resolve-changes.ts";
import { deliverEvents, drain } from "../support/live.ts";
import { findDifferences } from "../support/oracle.ts";
import { refusal, startThings, type Things } from "../support/writing-things.ts";
import { SHORT_PATIENCE } from "../support/writing.ts";

const RESOURCES = ["notes"];

async function aCompany({ user }: Things): Promise<string> {
  const [row] = await user<{ id: string }[]>`SELECT record_id AS id FROM attio.companies ORDER BY 1 LIMIT 1`;
  return row?.id ?? "";
}

async function aNote({ user }: Things): Promise<{ id: string; title: string; content: string }> {
  const [row] = await user<{ id: string; title: string; content: string }[]>`
    SELECT note_id AS id, title, content_markdown AS content FROM attio.notes WHERE created_at IS NOT NULL ORDER BY 1 LIMIT 1`;
  if (row === undefined) throw new Error("no notes");
  return row;
}

const differences = ({ mirror }: Things) =>
  findDifferences(mirror.sandbox, mirror.db.sql, { resources: RESOURCES });

it("a note is made, changed and deleted in Attio by SQL", async () => {
  const things = await startThings();
  const { mirror, user, push } = things;
  const company = await aCompany(things);
  const [inserted] = await user<{ id: string }[]>`
    INSERT INTO attio.notes (parent_object, parent_record_id, title, content_markdown)
    VALUES ('companies', ${company}, 'Call', 'They **want** it.') RETURNING note_id AS id`;
  await user`
    INSERT INTO attio.notes (parent_object, parent_record_id, title, content_plaintext)
    VALUES ('companies', ${company}, 'Plain', 'no **marks** here')`;
  await push();
  const [made] = await user<{ id: string; plain: string; by: string }[]>`
    SELECT note_id AS id, content_plaintext AS plain, created_by_actor_id AS by FROM attio.notes WHERE title = 'Call'`;
  expect(made).toMatchObject({ plain: "They want it.", by: mirror.sandbox.access.id });
  expect(await user`SELECT record_id FROM attio.id_map WHERE provisional_id = ${inserted?.id ?? ""}`).toEqual(
    [{ record_id: made?.id }],
  );
  expect(mirror.sandbox.store.notes().find((note) => note.title === "Plain")?.plaintext).toBe(
    "no **marks** here",
  );
  expect(await differences(things)).toEqual([]);

  await user`UPDATE attio.notes SET title = 'Second call', content_plaintext = 'changed' WHERE title = 'Call'`;
  await push();
  expect(await user`SELECT content_markdown AS md FROM attio.notes WHERE title = 'Second call'`).toEqual([
    { md: "changed" },
  ]);
  expect(await differences(things)).toEqual([]);

  await user`DELETE FROM attio.notes WHERE title = 'Second call'`;
  await push();
  expect(mirror.sandbox.store.notes().some((note) => note.id === made?.id)).toBe(false);
  expect(await user`SELECT stream FROM attio_sync.tombstones WHERE id = ${made?.id ?? ""}`).toEqual([
    { stream: "notes" },
  ]);
  expect(await user`SELECT DISTINCT table_name, status FROM attio.changes`).toEqual([
    { table_name: "notes", status: "pushed" },
  ]);
  expect(await differences(things)).toEqual([]);
});

it("of a note's two forms the one that was written last counts", async () => {
  const things = await startThings();
  const { user, push } = things;
  const { id } = await aNote(things);
  await user`UPDATE attio.notes SET content_markdown = '**first**' WHERE note_id = ${id}`;
  await user`UPDATE attio.notes SET content_plaintext = 'second' WHERE note_id = ${id}`;
  await push();
  const read = () =>
    user`SELECT content_markdown AS md, content_plaintext AS pt FROM attio.notes WHERE note_id = ${id}`;
  expect(await read()).toEqual([{ md: "second", pt: "second" }]);
  await user`UPDATE attio.notes SET content_plaintext = 'third' WHERE note_id = ${id}`;
  await user`UPDATE attio.notes SET content_markdown = '**fourth**' WHERE note_id = ${id}`;
  await push();
  expect(await read()).toEqual([{ md: "**fourth**", pt: "fourth" }]);
});

it("a note on a company that was inserted with it is made at that company", async () => {
  const things = await startThings();
  const { mirror, user, push } = things;
  await user.begin(async (tx) => {
    const [company] = await tx<{ id: string }[]>`
      INSERT INTO attio.companies (name, domains) VALUES ('Fresh', ARRAY['fresh-note.com']) RETURNING record_id AS id`;
    await tx`
      INSERT INTO attio.notes (parent_object, parent_record_id, title, content_markdown)
      VALUES ('companies', ${company?.id ?? ""}, 'Welcome', 'hello')`;
  });
  await push();
  const made = mirror.sandbox.store.notes().find((note) => note.title === "Welcome");
  const [company] = await user`SELECT record_id FROM attio.companies WHERE name = 'Fresh'`;
  expect(made?.record.id).toBe(company?.record_id);
  expect(await differences(things)).toEqual([]);
});

const FAULTS: Record<string, Misbehaviour> = {
  "that is lost": { kind: "lost" },
  "that comes to effect late": { kind: "late-effect", ms: 1_600 },
};

it.each(Object.keys(FAULTS))(
  "with a create %s each note is made exactly once, also where they are alike",
  async (what) => {
    const things = await startThings({ patience: SHORT_PATIENCE });
    const { mirror, user, push } = things;
    const { sandbox } = mirror;
    const { settled } = deliverEvents(mirror);
    const company = await aCompany(things);
    const before = sandbox.store.notes().length;
    let number = 0;
    sandbox.onRequest(({ method, path }) => {
      if (method !== "POST" || path !== "/v2/notes") return;
      number += 1;
      if (number % 2 === 0)
        sandbox.faults.add({
          ...(FAULTS[what] as Misbehaviour),
          method: "POST",
          path: "/v2/notes",
          times: 1,
        });
    });
    await user`
    INSERT INTO attio.notes (parent_object, parent_record_id, title, content_markdown)
    SELECT 'companies', ${company}, 'Note ' || n / 2, '**text** of ' || n / 2 FROM generate_series(0, 5) AS n`;
    await push();
    expect(sandbox.log.count({ kind: "write", status: 0 })).toBeGreaterThan(1);
    expect(sandbox.store.notes().length).toBe(before + 6);
    expect(await user`SELECT DISTINCT status FROM attio.changes`).toEqual([{ status: "pushed" }]);
    await settled();
    await drain(mirror);
    expect(await differences(things)).toEqual([]);
  },
);

it("what Attio does not let us write of a note is refused at the statement", async () => {
  const things = await startThings();
  const { user } = things;
  const { id } = await aNote(things);
  const company = await aCompany(things);
  const update = (set: string) =>
    refusal(user.unsafe(`UPDATE attio.notes SET ${set} WHERE note_id = '${id}'`));
  expect(await update("tags = '[1]'")).toBe('column "tags" of attio.notes is read-only: Attio sets it');
  expect(await update("created_at = now()")).toBe(
    'column "created_at" of attio.notes is read-only: Attio sets it',
  );
  expect(await update(`parent_record_id = gen_random_uuid()`)).toBe(
    'column "parent_record_id" of attio.notes cannot be changed',
  );
  expect(await update("note_id = gen_random_uuid()")).toBe(
    'column "note_id" of attio.notes cannot be changed',
  );
  expect(await refusal(user`INSERT INTO attio.notes (title) VALUES ('nowhere')`)).toBe(
    'column "parent_object" of attio.notes must have a value',
  );
  expect(
    await refusal(
      user`INSERT INTO attio.notes (parent_object, parent_record_id, created_by_actor_id) VALUES ('companies', ${company}, 'me')`,
    ),
  ).toBe('column "created_by_actor_id" of attio.notes is read-only: Attio sets it');
  expect(await refusal(user`TRUNCATE attio.notes`)).toMatch(/cannot be truncated/);
  expect(await user`SELECT FROM attio_sync.outbox`).toEqual([]);
});

it("notes stay closed where OUTBOUND does not name them, and are closed again", async () => {
  const { mirror, user } = await startThings();
  const write = () => refusal(user`UPDATE attio.notes SET title = 'x'`);
  const sync = async (outbound: "off" | "*" | readonly string[]) => {
    Object.assign(mirror.deps, { outbound });
    await mirror.syncSchema();
  };
  await sync(["people"]);
  expect(await write()).toBe('attio.notes is read-only (OUTBOUND does not name "notes")');
  expect(await refusal(user`DELETE FROM attio.notes`)).toBe(
    'attio.notes is read-only (OUTBOUND does not name "notes")',
  );
  await sync(["notes"]);
  expect(await write()).toBe(undefined);
  await sync("off");
  expect(await write()).toBe('attio.notes is read-only (OUTBOUND does not name "notes")');
});

it("a change that Attio refuses is visible, and given up it brings Attio's value back", async () => {
  const things = await startThings({ patience: SHORT_PATIENCE });
  const { mirror, user, push } = things;
  const { id, title } = await aNote(things);
  mirror.sandbox.faults.add({
    kind: "status",
    status: 400,
    method: "PATCH",
    body: {
      status_code: 400,
      type: "invalid_request_error",
      code: "validation_type",
      message: "no such thing",
    },
    times: 1,
  });
  await user`UPDATE attio.notes SET title = 'refused' WHERE note_id = ${id}`;
  await user`
    INSERT INTO attio.notes (parent_object, parent_record_id, title) VALUES ('companies', gen_random_uuid(), 'nowhere')`;
  await push();
  const failed = await user<{ id: number; operation: string; error_code: string; error_message: string }[]>`
    SELECT id, operation, error_code, error_message FROM attio.changes WHERE status = 'failed' ORDER BY id`;
  expect(failed.map(({ operation, error_code }) => [operation, error_code])).toEqual([
    ["update", "validation_type"],
    ["insert", "not_found"],
  ]);
  expect(failed[0]?.error_message).toBe("no such thing");
  expect(await user`SELECT title FROM attio.notes WHERE note_id = ${id}`).toEqual([{ title: "refused" }]);
  await discardChanges(
    mirror.db,
    failed.map((change) => change.id),
  );
  await drain(mirror);
  expect(await user`SELECT title FROM attio.notes WHERE note_id = ${id}`).toEqual([{ title }]);
  expect(await differences(things)).toEqual([]);
});

it("a backfill and a look leave alone what was written here and is not in Attio", async () => {
  const things = await startThings();
  const { mirror, user, push } = things;
  const { id } = await aNote(things);
  const [gone] = await user<{ id: string }[]>`SELECT note_id AS id FROM attio.notes ORDER BY 1 DESC LIMIT 1`;
  const company = await aCompany(things);
  const [inserted] = await user<{ id: string }[]>`
    INSERT INTO attio.notes (parent_object, parent_record_id, title) VALUES ('companies', ${company}, 'new')
    RETURNING note_id AS id`;
  await user`UPDATE attio.notes SET title = 'mine' WHERE note_id = ${id}`;
  await user`DELETE FROM attio.notes WHERE note_id = ${gone?.id ?? ""}`;
  mirror.sandbox.store.updateNote(id, { content: "theirs" });
  const ids = [id, gone?.id ?? "", inserted?.id ?? ""];
  await mirror.db.sql`
    INSERT INTO attio_sync.dirty (stream, id, reason, announced)
    SELECT 'notes', id, 'test', true FROM unnest(${ids}::uuid[]) AS id`;
  await mirror.backfill({ streams: ["notes"] });
  await drain(mirror);
  const rows = await user`
    SELECT note_id AS id, title, content_markdown AS md FROM attio.notes WHERE note_id = ANY(${ids}::uuid[])`;
  expect(rows.toSorted((a, b) => String(a.title).localeCompare(String(b.title)))).toEqual([
    { id, title: "mine", md: "theirs" },
    { id: inserted?.id, title: "new", md: null },
  ]);
  await push();
  await drain(mirror);
  expect(mirror.sandbox.store.notes().find((note) => note.id === id)).toMatchObject({
    title: "mine",
    markdown: "theirs",
  });
  expect(await differences(things)).toEqual([]);
});

it.each(["attio", "local", "manual", "latest"] as const)(
  "where both sides changed a note's title, the policy %s decides",
  async (policy) => {
    const things = await startThings({ policy });
    const { mirror, user, push } = things;
    const { id } = await aNote(things);
    await user`UPDATE attio.notes SET title = 'ours', content_markdown = 'ours alone' WHERE note_id = ${id}`;
    mirror.sandbox.store.updateNote(id, { title: "theirs" });
    await push();
    const [row] = await user`SELECT title, content_markdown AS md FROM attio.notes WHERE note_id = ${id}`;
    const there = mirror.sandbox.store.notes().find((note) => note.id === id);
    expect(there?.markdown).toBe("ours alone");
    expect(row?.md).toBe("ours alone");
    expect(there?.title).toBe(policy === "local" ? "ours" : "theirs");
    expect(row?.title).toBe(policy === "local" || policy === "manual" ? "ours" : "theirs");
    const conflicts = await mirror.db.sql`SELECT attribute, winner FROM attio_sync.conflicts`;
    const winner = { attio: "attio", latest: "attio", local: "local", manual: "none" }[policy];
    expect([...conflicts]).toEqual([{ attribute: "title", winner }]);
  },
);
