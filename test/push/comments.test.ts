import { expect, it } from "vitest";
import type { Misbehaviour } from "../../src/sandbox/index.ts";
import { deliverEvents, drain } from "../support/live.ts";
import { findDifferences } from "../support/oracle.ts";
import { idsOf, refusal, startThings, type Things } from "../support/writing-things.ts";
import { SHORT_PATIENCE } from "../support/writing.ts";

const differences = ({ mirror }: Things) =>
  findDifferences(mirror.sandbox, mirror.db.sql, { resources: ["comments", "threads"] });

interface Place {
  member: string;
  company: string;
  companies: string;
}

async function aPlace({ user }: Things): Promise<Place> {
  const [member = ""] = await idsOf(user, "workspace_members", "workspace_member_id");
  const [company = ""] = await idsOf(user, "companies", "record_id");
  const [object] = await user<
    { id: string }[]
  >`SELECT object_id AS id FROM attio.objects WHERE api_slug = 'companies'`;
  return { member, company, companies: object?.id ?? "" };
}

const commentsIn = ({ mirror }: Things) =>
  mirror.sandbox.store.threads().flatMap((thread) => [...thread.comments]);

it("a comment is made at a record, at an entry and in a thread, and deleted, by SQL", async () => {
  const things = await startThings();
  const { mirror, user, push } = things;
  const { member, company, companies } = await aPlace(things);
  await user`
    INSERT INTO attio.comments (content_plaintext, object_id, record_id, author_id)
    VALUES ('At the record', ${companies}, ${company}, ${member})`;
  const [entry] = await user<{ list: string; id: string }[]>`
    SELECT l.list_id AS list, e.entry_id AS id FROM attio.list_sales e, attio.lists l WHERE l.api_slug = 'sales' LIMIT 1`;
  await user`
    INSERT INTO attio.comments (content_plaintext, list_id, entry_id, author_type, author_id)
    VALUES ('At the entry', ${entry?.list ?? ""}, ${entry?.id ?? ""}, 'workspace-member', ${member})`;
  await push();
  const [head] = await user<{ id: string; thread: string; author: string }[]>`
    SELECT comment_id AS id, thread_id AS thread, author_id AS author FROM attio.comments
    WHERE content_plaintext = 'At the record'`;
  expect(head?.author).toBe(member);
  await user`
    INSERT INTO attio.comments (content_plaintext, thread_id, author_id) VALUES ('In the thread', ${head?.thread ?? ""}, ${member})`;
  await push();
  await drain(mirror);
  expect(
    mirror.sandbox.store
      .threads()
      .find((thread) => thread.id === head?.thread)
      ?.comments.map(({ content }) => content),
  ).toEqual(["At the record", "In the thread"]);
  expect(commentsIn(things).filter(({ content }) => content === "At the entry").length).toBe(1);
  expect(await user`SELECT DISTINCT table_name, status FROM attio.changes`).toEqual([
    { table_name: "comments", status: "pushed" },
  ]);
  expect(await differences(things)).toEqual([]);

  // With the first of a thread Attio deletes the others.
  await user`DELETE FROM attio.comments WHERE content_plaintext = 'At the record'`;
  await push();
  await drain(mirror);
  expect(mirror.sandbox.store.threads().some((thread) => thread.id === head?.thread)).toBe(false);
  expect(await user`SELECT FROM attio.comments WHERE content_plaintext = 'In the thread'`).toEqual([]);
  expect(await differences(things)).toEqual([]);
});

it("a comment at an entry that was inserted with it is made there", async () => {
  const things = await startThings();
  const { mirror, user, push } = things;
  const { member, companies } = await aPlace(things);
  const [list] = await user<{ id: string }[]>`SELECT list_id AS id FROM attio.lists WHERE api_slug = 'sales'`;
  const [record, entry] = [crypto.randomUUID(), crypto.randomUUID()];
  await user.begin(async (tx) => {
    await tx`INSERT INTO attio.companies (record_id, name, domains) VALUES (${record}, 'Fresh', ARRAY['fresh-comment.com'])`;
    await tx`INSERT INTO attio.list_sales (entry_id, parent_object, parent_record_id) VALUES (${entry}, 'companies', ${record})`;
    await tx`
      INSERT INTO attio.comments (content_plaintext, list_id, entry_id, author_id)
      VALUES ('At the new entry', ${list?.id ?? ""}, ${entry}, ${member})`;
    await tx`
      INSERT INTO attio.comments (content_plaintext, object_id, record_id, author_id)
      VALUES ('At the new record', ${companies}, ${record}, ${member})`;
  });
  await push();
  await drain(mirror);
  const made = await user<{ content: string; name: string }[]>`
    SELECT content_plaintext AS content, c.name FROM attio.comments JOIN attio.companies c USING (record_id)
    WHERE c.name = 'Fresh' ORDER BY 1`;
  expect(made.map(({ content }) => content)).toEqual(["At the new entry", "At the new record"]);
  expect(await differences(things)).toEqual([]);
});

const FAULTS: Record<string, Misbehaviour> = {
  "that is lost": { kind: "lost" },
  "that comes to effect late": { kind: "late-effect", ms: 1_600 },
};

it.each(Object.keys(FAULTS))(
  "with a create %s each comment is made exactly once, also where they are alike",
  async (what) => {
    const things = await startThings({ patience: SHORT_PATIENCE });
    const { mirror, user, push } = things;
    const { sandbox } = mirror;
    const { settled } = deliverEvents(mirror);
    const { member, company, companies } = await aPlace(things);
    const before = commentsIn(things).length;
    let number = 0;
    sandbox.onRequest(({ method, path }) => {
      if (method !== "POST" || path !== "/v2/comments") return;
      number += 1;
      if (number % 2 === 0)
        sandbox.faults.add({
          ...(FAULTS[what] as Misbehaviour),
          method: "POST",
          path: "/v2/comments",
          times: 1,
        });
    });
    await user`
    INSERT INTO attio.comments (content_plaintext, object_id, record_id, author_id)
    SELECT 'Comment ' || n / 2 || ' for ann@example.com', ${companies}::uuid, ${company}::uuid, ${member}
    FROM generate_series(0, 5) AS n`;
    await push();
    expect(sandbox.log.count({ kind: "write", status: 0 })).toBeGreaterThan(1);
    expect(commentsIn(things).length).toBe(before + 6);
    expect(await user`SELECT DISTINCT status FROM attio.changes`).toEqual([{ status: "pushed" }]);
    await settled();
    await drain(mirror);
    expect(await differences(things)).toEqual([]);
  },
);

it("what Attio does not let us write of a comment is refused at the statement", async () => {
  const things = await startThings();
  const { mirror, user } = things;
  const { member, company, companies } = await aPlace(things);
  expect(await refusal(user`UPDATE attio.comments SET content_plaintext = 'x'`)).toBe(
    'column "content_plaintext" of attio.comments cannot be changed',
  );
  expect(await refusal(user`UPDATE attio.comments SET resolved_at = now()`)).toBe(
    'column "resolved_at" of attio.comments is read-only: Attio sets it',
  );
  const insert = (values: Record<string, string>) =>
    refusal(user`INSERT INTO attio.comments ${user(values)}`);
  const place = { object_id: companies, record_id: company };
  expect(await insert({ content_plaintext: "x", ...place })).toBe(
    'column "author_id" of attio.comments must have a value',
  );
  expect(await insert({ author_id: member, ...place })).toBe(
    'column "content_plaintext" of attio.comments must have a value',
  );
  expect(await insert({ content_plaintext: "x", author_id: member, record_id: company })).toBe(
    'a comment needs "thread_id", "record_id" with "object_id", or "entry_id" with "list_id"',
  );
  expect(
    await insert({ content_plaintext: "x", author_id: member, author_type: "api-token", ...place }),
  ).toBe('column "author_type" must be workspace-member: Attio takes no other author');
  expect(await mirror.db.sql`SELECT FROM attio_sync.outbox`).toEqual([]);
});

it("a backfill leaves alone a comment that is not in Attio yet, and one that was deleted here", async () => {
  const things = await startThings();
  const { mirror, user, push } = things;
  const { member, company, companies } = await aPlace(things);
  const [gone = ""] = await idsOf(user, "comments", "comment_id");
  await user`
    INSERT INTO attio.comments (content_plaintext, object_id, record_id, author_id)
    VALUES ('New', ${companies}, ${company}, ${member})`;
  const [other] = await user<{ thread: string }[]>`
    SELECT thread_id AS thread FROM attio.comments WHERE comment_id <> ${gone} AND thread_id IS NOT NULL LIMIT 1`;
  await user`
    INSERT INTO attio.comments (content_plaintext, thread_id, author_id) VALUES ('Newer', ${other?.thread ?? ""}, ${member})`;
  await user`DELETE FROM attio.comments WHERE comment_id = ${gone}`;
  const read = () => user<{ content: string }[]>`
    SELECT content_plaintext AS content FROM attio.comments
    WHERE content_plaintext IN ('New', 'Newer') OR comment_id = ${gone} ORDER BY 1`;
  await mirror.backfill({ streams: ["comments"] });
  expect((await read()).map(({ content }) => content)).toEqual(["New", "Newer"]);
  await push();
  await drain(mirror);
  expect((await read()).map(({ content }) => content)).toEqual(["New", "Newer"]);
  expect(await differences(things)).toEqual([]);
});
