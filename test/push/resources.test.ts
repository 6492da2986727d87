import { expect, it } from "vitest";
import { retryChanges } from "../../src/sync/push/resolve-changes.ts";
import { drain } from "../support/live.ts";
import { findDifferences } from "../support/oracle.ts";
import { findingsOf, noFindings, verifyOne } from "../support/verify.ts";
import { idsOf, startThings } from "../support/writing-things.ts";

it("what was written to notes, tasks and comments and is not in Attio is held, and no drift", async () => {
  const { mirror, user, push } = await startThings();
  const [company = ""] = await idsOf(user, "companies", "record_id");
  const [member = ""] = await idsOf(user, "workspace_members", "workspace_member_id");
  const [object] = await user<
    { id: string }[]
  >`SELECT object_id AS id FROM attio.objects WHERE api_slug = 'companies'`;
  const [note = "", oldNote = ""] = await idsOf(user, "notes", "note_id");
  const [task = "", oldTask = ""] = await idsOf(user, "tasks", "task_id");
  const [comment = ""] = await idsOf(user, "comments", "comment_id");
  await user`UPDATE attio.notes SET title = 'mine' WHERE note_id = ${note}`;
  await user`DELETE FROM attio.notes WHERE note_id = ${oldNote}`;
  await user`INSERT INTO attio.notes (parent_object, parent_record_id) VALUES ('companies', ${company})`;
  await user`UPDATE attio.tasks SET deadline_at = '2031-01-01' WHERE task_id = ${task}`;
  await user`DELETE FROM attio.tasks WHERE task_id = ${oldTask}`;
  await user`INSERT INTO attio.tasks (content_plaintext) VALUES ('mine')`;
  await user`DELETE FROM attio.comments WHERE comment_id = ${comment}`;
  await user`
    INSERT INTO attio.comments (object_id, record_id, author_id, content_plaintext)
    VALUES (${object?.id ?? ""}, ${company}, ${member}, 'mine')`;
  const held = { notes: 3, tasks: 3, comments: 2 };
  for (const [stream, count] of Object.entries(held)) {
    const result = await verifyOne(mirror, stream, { repair: true });
    expect(findingsOf(result)).toEqual({ ...noFindings(stream), held: count });
  }
  await push();
  await drain(mirror);
  const resources = ["notes", "tasks", "comments", "threads"];
  expect(await findDifferences(mirror.sandbox, mirror.db.sql, { resources })).toEqual([]);
  for (const stream of Object.keys(held))
    expect(findingsOf(await verifyOne(mirror, stream))).toEqual(noFindings(stream));
});

it("so many deleted notes at once are held until they are allowed", async () => {
  const { mirror, user, push } = await startThings();
  const { store } = mirror.sandbox;
  const [company = ""] = await idsOf(user, "companies", "record_id");
  const before = store.notes().length;
  for (let number = 0; number < 120; number += 1)
    store.createNote({ record: { object: "companies", recordId: company }, title: "Many", content: "x" });
  await mirror.backfill({ streams: ["notes"] });
  await user`DELETE FROM attio.notes WHERE title = 'Many'`;
  await push();
  expect(store.notes().length).toBe(before + 120);
  expect(await user`SELECT DISTINCT status, error_code FROM attio.changes`).toEqual([
    { status: "failed", error_code: "too_many_deletes" },
  ]);
  await retryChanges(mirror.db, [], { allowBulk: true });
  await push();
  expect(store.notes().length).toBe(before);
});

it("a writer's role may write to them", async () => {
  const { mirror, user } = await startThings();
  await mirror.db.sql`GRANT attio_writer TO CURRENT_USER`;
  await user.begin(async (tx) => {
    await tx`SET LOCAL ROLE attio_writer`;
    await tx`INSERT INTO attio.tasks (content_plaintext) VALUES ('by a writer')`;
  });
  expect(await user`SELECT operation FROM attio.changes`).toEqual([{ operation: "insert" }]);
});
