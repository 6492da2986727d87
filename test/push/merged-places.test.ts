import { beforeAll, expect, it } from "vitest";
import type { Sandbox } from "../../src/sandbox/index.ts";
import { deliverEvents, drain } from "../support/live.ts";
import { startThings, type Things } from "../support/writing-things.ts";
import { SHORT_PATIENCE } from "../support/writing.ts";

let writing: Things;
let settled: () => Promise<void>;

beforeAll(async () => {
  // Longer than the pushes take on a busy machine before the event is delivered.
  const patience = { ...SHORT_PATIENCE, referenceMs: 30_000 };
  writing = await startThings({ patience, mirror: { life: "file" } });
  // Events get into the inbox at once, and are heard once it is worked off.
  ({ settled } = deliverEvents(writing.mirror));
});

type Store = Sandbox["store"];

interface Place {
  /** Writes it here, on a company. */
  write: (id: string) => Promise<unknown>;
  /** The companies in Attio that have it. */
  where: (store: Store) => unknown[];
}

const links = (id: string) => JSON.stringify([{ target_object_id: "companies", target_record_id: id }]);

const PLACES: Record<string, Place> = {
  "a note": {
    write: (id) => writing.user`
      INSERT INTO attio.notes (parent_object, parent_record_id, title) VALUES ('companies', ${id}, 'Moved note')`,
    where: (store) =>
      store.notes().flatMap(({ title, record }) => (title === "Moved note" ? [record.id] : [])),
  },
  "a comment": {
    write: (id) => writing.user`
      INSERT INTO attio.comments (content_plaintext, object_id, record_id, author_id)
      SELECT 'Moved comment', (SELECT object_id FROM attio.objects WHERE api_slug = 'companies'), ${id},
        (SELECT workspace_member_id FROM attio.workspace_members ORDER BY 1 LIMIT 1)`,
    where: (store) =>
      store
        .threads()
        .flatMap((thread) =>
          thread.comments.some(({ content }) => content === "Moved comment") ? [thread.subject.id] : [],
        ),
  },
  "an entry": {
    write: (id) => writing.user`
      INSERT INTO attio.list_sales (parent_object, parent_record_id) VALUES ('companies', ${id})`,
    where: (store) => store.entries("sales").map(({ parent }) => parent?.id),
  },
  "a task's link": {
    write: (id) => writing.user`
      INSERT INTO attio.tasks (content_plaintext, linked_records)
      VALUES ('Moved task', ${links(id)}::text::jsonb)`,
    where: (store) =>
      store
        .tasks()
        .flatMap(({ content, linkedRecords }) =>
          content === "Moved task" ? linkedRecords.map(({ id }) => id) : [],
        ),
  },
  "a reference": {
    write: (id) => writing.user`INSERT INTO attio.people (job_title, company) VALUES ('Moved person', ${id})`,
    where: (store) =>
      store.records("people").flatMap((one) => {
        const field = (slug: string, name: string) =>
          (store.values(one, slug).active[0]?.fields as Record<string, unknown> | undefined)?.[name];
        return field("job_title", "value") === "Moved person" ? [field("company", "target_record_id")] : [];
      }),
  },
};

it.each(Object.keys(PLACES))(
  "%s that is written on a record which was merged unheard waits for the event, and is on the merged record once",
  async (what) => {
    const { mirror, user, pusher, push } = writing;
    const { store } = mirror.sandbox;
    const { write, where } = PLACES[what] ?? {};
    if (write === undefined || where === undefined) throw new Error("no such place");
    const one = store.createRecord("companies", { name: "Merged one" }).id;
    const other = store.createRecord("companies", { name: "Merged other" }).id;
    await mirror.backfill({ streams: ["companies"] });
    const merged = store.mergeRecords("companies", one, other).id;
    await write(one);
    await pusher.run();
    const last = () => user`SELECT status FROM attio.changes ORDER BY id DESC LIMIT 1`;
    expect(await last()).toEqual([{ status: "pending" }]);
    await settled();
    await drain(mirror);
    await push();
    expect(await last()).toEqual([{ status: "pushed" }]);
    const found = where(store).filter((id) => [one, other, merged].includes(String(id)));
    expect(found).toEqual([merged]);
  },
);
