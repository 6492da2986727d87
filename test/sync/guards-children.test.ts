import { afterEach, beforeAll, expect, test } from "vitest";
import type { Sql } from "../../src/db/index.ts";
import type { Item } from "../../src/sandbox/index.ts";
import { startMirror, type Mirror } from "../support/mirror.ts";
import { findDifferences } from "../support/oracle.ts";
import { addThings, type Things } from "../support/things.ts";

const RESOURCES = ["meetings", "call_recordings", "comments", "threads", "files"];

let mirror: Mirror;
let sql: Sql;

beforeAll(async () => {
  mirror = await startMirror({ life: "file" });
  ({ sql } = mirror.db);
});

afterEach(() => mirror.sandbox.faults.clear());

function manyThings(count: number): Things {
  const things = addThings(mirror);
  for (let index = 0; index < count; index++) things.create({ name: `thing ${index}` });
  return things;
}

test("a record that is merged leaves, and the new one and what followed it are there", async () => {
  const { store } = mirror.sandbox;
  const things = manyThings(4);
  const [one, two] = store.records(things.slug);
  if (!one || !two) throw new Error("no records");
  store.createComment({ on: one, content: "moves along" });
  store.createFile({ record: two, fileType: "file", name: "moves.txt", content: Buffer.from("x") });
  const streams = [things.slug, "comments", "files"];
  await mirror.backfill({ streams });
  const merged = store.mergeRecords(things.slug, one.id, two.id);
  const results = await mirror.backfill({ streams });
  expect(results.map(({ state, deleted }) => [state, deleted])).toEqual([
    ["ok", 2],
    ["ok", 0],
    ["ok", 0],
  ]);
  expect((await things.rows()).has(merged.id)).toBe(true);
  expect(await findDifferences(mirror.sandbox, sql, { resources: RESOURCES })).toEqual([]);
});

test("comments, threads, files and recordings leave with what they hang on, or alone", async () => {
  const { store } = mirror.sandbox;
  const things = manyThings(6);
  const [alive, doomed, listed] = store.records(things.slug);
  if (!alive || !doomed || !listed) throw new Error("no records");
  const list = store.createList({ slug: "hanging", name: "Hanging", parentObject: things.slug });
  const [entry, doomedEntry] = [store.createEntry(list, listed), store.createEntry(list, listed)];

  const talk = (on: Item) => {
    const head = store.createComment({ on, content: "head" });
    return { head, reply: store.createComment({ on: head.thread, content: "reply" }) };
  };
  const [withoutReply, withoutHead] = [talk(alive), talk(alive)];
  for (const on of [doomed, entry, doomedEntry]) talk(on);

  const folder = store.createFile({ record: alive, fileType: "folder", name: "folder" });
  const inside = { record: alive, fileType: "file", parentFolderId: folder.id } as const;
  store.createFile({ ...inside, name: "inside.txt", content: Buffer.from("x") });
  const alone = store.createFile({ record: alive, fileType: "file", name: "alone.txt" });
  store.createFile({ record: alive, fileType: "file", name: "stays.txt" });
  store.createFile({ record: doomed, fileType: "file", name: "doomed.txt" });

  const start = { datetime: "2024-01-01T01:00:00.000000000Z", timezone: null };
  const [meeting, doomedMeeting] = ["stays", "goes"].map((title) =>
    store.createMeeting({ title, start, end: start }),
  );
  if (!meeting || !doomedMeeting) throw new Error("no meetings");
  const recording = store.createRecording({ meetingId: meeting.id });
  store.createRecording({ meetingId: meeting.id });
  store.createRecording({ meetingId: doomedMeeting.id });

  const streams = [things.slug, "list:hanging", "meetings", "call_recordings", "comments", "files"];
  await mirror.backfill({ streams });
  expect(await findDifferences(mirror.sandbox, sql, { resources: RESOURCES })).toEqual([]);

  store.deleteComment(withoutReply.reply.comment.id);
  store.deleteComment(withoutHead.head.comment.id);
  store.deleteRecord(things.slug, doomed.id);
  store.deleteEntry("hanging", doomedEntry.id);
  store.deleteFile(folder.id);
  store.deleteFile(alone.id);
  store.deleteRecording(recording.id);
  store.deleteMeeting(doomedMeeting.id);
  const results = await mirror.backfill({ streams });
  expect(results.map(({ stream, state, deleted }) => [stream, state, deleted])).toEqual([
    [things.slug, "ok", 1],
    ["list:hanging", "ok", 1],
    ["meetings", "ok", 1],
    ["call_recordings", "ok", 2],
    // A reply; a thread with both its comments, three times.
    ["comments", "ok", 10],
    ["files", "ok", 4],
  ]);
  expect(await findDifferences(mirror.sandbox, sql, { resources: RESOURCES })).toEqual([]);
});

test("a listing of threads that answers nothing deletes none of those that can still be read", async () => {
  const { store } = mirror.sandbox;
  const things = manyThings(3);
  for (const on of store.records(things.slug)) store.createComment({ on, content: "still there" });
  const streams = [things.slug, "comments"];
  await mirror.backfill({ streams });
  mirror.sandbox.faults.add({ kind: "short", items: 0, path: /\/v2\/threads$/ });
  const [, comments] = await mirror.backfill({ streams });
  expect(comments).toMatchObject({ deleted: 0 });
  mirror.sandbox.faults.clear();
  expect(await findDifferences(mirror.sandbox, sql, { resources: RESOURCES })).toEqual([]);
});
