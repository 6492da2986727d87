import type postgres from "postgres";
import { memberActor, SandboxError, type Item, type Sandbox } from "../../src/sandbox/index.ts";
import type { Side } from "../support/sides/acts.ts";
import type { Ledger } from "../support/sides/ledger.ts";
import { pickRow } from "../support/sides/pick-row.ts";
import { pick } from "../support/sides/values.ts";

/** Something that hangs on a record: what a note, a reply, an entry or a task's link belongs to. */
export interface HangingAct {
  what: "link" | "relink" | "reply" | "note" | "entry";
  side: Side;
  object: "people" | "companies";
  row: number;
  other: number;
  /** Whether others merge the record just before, so that nobody here knows it yet. */
  isMerged: boolean;
}

/** Where something was put: the record, under the id that it had then. */
interface Place {
  text: string;
  recordId: string;
}

/** Notes, entries, replies and links of tasks, also on records that were merged a moment ago. */
export class Hanging {
  readonly #sandbox: Sandbox;
  readonly #user: postgres.Sql;
  readonly #ledger: Ledger;
  readonly #places: Place[] = [];

  constructor(sandbox: Sandbox, user: postgres.Sql, ledger: Ledger) {
    this.#sandbox = sandbox;
    this.#user = user;
    this.#ledger = ledger;
  }

  /** Does one thing; what there is nothing for is left out. @throws what PostgreSQL refuses */
  async play(act: HangingAct): Promise<void> {
    if (act.side === "here") return this.#here(act);
    try {
      this.#there(act);
    } catch (error) {
      if (!(error instanceof SandboxError)) throw error;
    }
  }

  /** What hangs on another record than it was put on, or on none, though its insert is done. */
  async misplaced(): Promise<string[]> {
    const pushed = await this.#user<{ text: string }[]>`
      SELECT coalesce(changes ->> 'title', changes ->> 'content_plaintext', changes ->> 'remark') AS text
      FROM attio.changes i WHERE operation = 'insert' AND status = 'pushed' AND table_name IN ('notes', 'tasks', 'list_sales')
        -- Links to rows that were to come follow in a change of their own.
        AND NOT EXISTS (SELECT FROM attio.changes u
          WHERE u.record_id = i.record_id AND u.table_name = i.table_name AND u.status <> 'pushed')`;
    const done = new Set(pushed.map(({ text }) => text));
    const misplaced: string[] = [];
    for (const { text, recordId } of this.#places) {
      const found = this.#recordsOf(text);
      if (!done.has(text) || found === undefined) continue;
      const [row] = await this.#user<{ id: string; isDeleted: boolean }[]>`
        SELECT today.id, EXISTS (
          SELECT FROM attio.changes WHERE operation = 'delete' AND record_id IN (today.id, ${recordId})) AS "isDeleted"
        FROM (SELECT attio.current_id(${recordId}) AS id) AS today`;
      const today = this.#ledger.hands.today(row?.id ?? recordId);
      // Gone by now, and the link with it; another record may have its id.
      if (row?.isDeleted === true || !this.#sandbox.store.state.items.has(today)) continue;
      if (!found.some(({ id }) => id === today)) misplaced.push(`${text}: not on ${recordId}, now ${today}`);
    }
    return misplaced;
  }

  /** The records that what has that text hangs on; undefined where there is no such thing any more. */
  #recordsOf(text: string): readonly Item[] | undefined {
    const { store } = this.#sandbox;
    const task = store.tasks().find(({ content }) => content === text);
    if (task !== undefined) return task.linkedRecords;
    const note = store.notes().find(({ title }) => title === text);
    if (note !== undefined) return [note.record];
    const entry = store.entries("sales").find((one) => remarkOf(this.#sandbox, one) === text);
    return entry?.parent === undefined ? undefined : [entry.parent];
  }

  async #here(act: HangingAct): Promise<void> {
    const { what, row } = act;
    const user = this.#user;
    if (what === "reply") return this.#reply(row);
    const object = what === "entry" ? "companies" : act.object;
    const id = await pickRow(user, object, row);
    if (id === undefined) return;
    if (act.isMerged) this.#merge(object, id, act.other);
    const text = `${what} ${String(this.#ledger.next())} of ours`;
    if (what === "relink") return this.#relink(object, id, act.other);
    if (what === "link")
      await user`INSERT INTO attio.tasks (content_plaintext, linked_records) VALUES (${text}, ${linkTo(user, object, id)})`;
    else if (what === "note")
      await user`
        INSERT INTO attio.notes (parent_object, parent_record_id, title, content_plaintext)
        VALUES (${object}, ${id}, ${text}, 'text')`;
    else
      await user`
        INSERT INTO attio.list_sales (parent_object, parent_record_id, remark) VALUES ('companies', ${id}, ${text})`;
    this.#places.push({ text, recordId: id });
  }

  /** A link more; a task that the same row is linked to already stays as it is. */
  async #relink(object: HangingAct["object"], id: string, place: number): Promise<void> {
    const user = this.#user;
    const tasks = await user<{ id: string; text: string }[]>`
      SELECT task_id AS id, content_plaintext AS text FROM attio.tasks WHERE content_plaintext LIKE '%of ours' ORDER BY 1`;
    const task = pick(tasks, place);
    if (task === undefined) return;
    await user`
      UPDATE attio.tasks SET linked_records = coalesce(linked_records, '[]') || ${linkTo(user, object, id)}
      WHERE task_id = ${task.id}`;
  }

  async #reply(row: number): Promise<void> {
    const threads = await this.#user<{ id: string }[]>`SELECT thread_id AS id FROM attio.threads ORDER BY 1`;
    const thread = pick(threads, row);
    if (thread === undefined) return;
    const text = `reply ${String(this.#ledger.next())} of ours`;
    const author = this.#sandbox.store.members()[0]?.id ?? null;
    await this.#user`
      INSERT INTO attio.comments (thread_id, content_plaintext, author_id) VALUES (${thread.id}, ${text}, ${author})`;
  }

  #merge(object: HangingAct["object"], id: string, place: number): void {
    const { store } = this.#sandbox;
    const first = store.records(object).find((one) => one.id === id);
    const second = pick(store.records(object), place);
    if (first === undefined || second === undefined || first === second) return;
    this.#ledger.claims.forgetRow(first.id, second.id);
    const by = { by: memberActor(store.members()[0]?.id ?? "") };
    store.mergeRecords(object, second.id, first.id, by);
  }

  #there({ what, object, row, other }: HangingAct): void {
    const { store } = this.#sandbox;
    const by = { by: memberActor(store.members()[0]?.id ?? "") };
    const record = pick(store.records(object), row);
    const text = `${what} ${String(this.#ledger.next())} of theirs`;
    if (record === undefined) return;
    if (what === "reply") {
      const thread = pick(store.threads(), other);
      if (thread !== undefined) store.createComment({ content: text, on: thread }, by);
    } else if (what === "link") store.createTask({ content: text, linkedRecords: [record] }, by);
    else if (what === "relink") {
      // What we made ourselves is left alone (docs/testing.md).
      const task = pick(
        store.tasks().filter(({ createdBy }) => createdBy.id !== this.#sandbox.access.id),
        other,
      );
      if (task !== undefined) store.updateTask(task.id, { linkedRecords: [record] }, by);
    } else if (what === "note") store.createNote({ record, title: text, content: "text" }, by);
  }
}

function linkTo(user: postgres.Sql, object: string, id: string) {
  return user.json([{ target_object_id: object, target_record_id: id }]);
}

function remarkOf(sandbox: Sandbox, entry: Item): unknown {
  const [remark] = sandbox.store.values(entry, "remark").active;
  return (remark?.fields as Record<string, unknown> | undefined)?.["value"];
}
