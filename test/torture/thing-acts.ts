import type postgres from "postgres";
import { memberActor, SandboxError, type Sandbox } from "../../src/sandbox/index.ts";
import type { Side } from "../support/sides/acts.ts";
import { pick } from "../support/sides/values.ts";

/** Something done with a note, a task or a comment. */
export interface ThingAct {
  what: "note" | "task" | "comment";
  how: "add" | "change" | "drop";
  side: Side;
  row: number;
  value: number;
}

/** Notes, tasks and comments, on both sides. */
export class Things {
  readonly #sandbox: Sandbox;
  readonly #user: postgres.Sql;
  /** Texts of what our token made. */
  readonly #made = new Set<string>();
  /** Those that it made while there was one already: what went with its record may be made again on the next one. */
  readonly #twice = new Set<string>();
  /** Titles of notes that got another one here, maybe before they were made. */
  readonly #retitled = new Set<string>();
  #number = 0;

  constructor(sandbox: Sandbox, user: postgres.Sql) {
    this.#sandbox = sandbox;
    this.#user = user;
    const { store, access } = sandbox;
    store.onEvent(({ event_type: type, actor, id }) => {
      if (actor.id !== access.id || !/^(note|task|comment)\.created$/.test(type)) return;
      queueMicrotask(() => {
        const all = [
          ...store.notes().map((note) => ({ id: note.id, text: note.title })),
          ...store.tasks().map((task) => ({ id: task.id, text: task.content })),
          ...store.comments().map((comment) => ({ id: comment.id, text: comment.content })),
        ];
        const madeId = id["note_id"] ?? id["task_id"] ?? id["comment_id"];
        const text = all.find((one) => one.id === madeId)?.text;
        if (text === undefined) return;
        this.#made.add(text);
        if (all.filter((one) => one.text === text).length > 1) this.#twice.add(text);
      });
    });
  }

  /** Does one thing; what there is nothing for is left out. */
  async play(act: ThingAct): Promise<void> {
    if (act.side === "here") await this.#here(act);
    else this.#there(act);
  }

  /** What was made in Attio more than once, or never though its insert is done. */
  async wronglyMade(): Promise<string[]> {
    const done = await this.#user<{ text: string }[]>`
      SELECT coalesce(changes ->> 'title', changes ->> 'content_plaintext') AS text FROM attio.changes
      WHERE operation = 'insert' AND status = 'pushed' AND table_name IN ('notes', 'tasks', 'comments')`;
    const never = done.filter(({ text }) => !this.#made.has(text) && !this.#retitled.has(text));
    return [
      ...never.map(({ text }) => `${text}: never`),
      ...[...this.#twice].map((text) => `${text}: more than once`),
    ];
  }

  async #here({ what, how, row, value }: ThingAct): Promise<void> {
    const user = this.#user;
    const key = `${what}_id`;
    const table = `attio.${what}s`;
    if (how !== "add") {
      const rows = await user<{ id: string }[]>`SELECT ${user(key)} AS id FROM ${user(table)} ORDER BY 1`;
      const id = pick(rows, row)?.id;
      if (id === undefined) return;
      if (how === "drop") await user`DELETE FROM ${user(table)} WHERE ${user(key)} = ${id}`;
      else if (what === "note") await this.#retitle(id, `edited ${String(value)}`);
      else if (what === "task")
        await user`UPDATE attio.tasks SET is_completed = NOT is_completed WHERE task_id = ${id}`;
      return;
    }
    const text = `${what} ${String(++this.#number)} of ours`;
    if (what === "task") {
      await user`INSERT INTO attio.tasks (content_plaintext) VALUES (${text})`;
      return;
    }
    const [place] = await user<{ object: string; id: string }[]>`
      SELECT object_id AS object, record_id AS id FROM attio.companies, attio.objects
      WHERE api_slug = 'companies' AND _deleted_at IS NULL ORDER BY record_id OFFSET ${row % 5} LIMIT 1`;
    if (place === undefined) return;
    if (what === "note")
      await user`
        INSERT INTO attio.notes (parent_object, parent_record_id, title, content_plaintext)
        VALUES ('companies', ${place.id}, ${text}, 'text')`;
    else
      await user`
        INSERT INTO attio.comments (content_plaintext, object_id, record_id, author_id)
        VALUES (${text}, ${place.object}, ${place.id}, ${this.#sandbox.store.members()[0]?.id ?? null})`;
  }

  async #retitle(id: string, title: string): Promise<void> {
    const [note] = await this.#user<{ title: string }[]>`SELECT title FROM attio.notes WHERE note_id = ${id}`;
    if (note !== undefined) this.#retitled.add(note.title);
    await this.#user`UPDATE attio.notes SET title = ${title} WHERE note_id = ${id}`;
  }

  #there({ what, how, row, value }: ThingAct): void {
    const { store, access } = this.#sandbox;
    const by = { by: memberActor(store.members()[0]?.id ?? "") };
    const company = pick(store.records("companies"), row);
    // What we made ourselves is left alone: if its answer was lost and somebody else changes it before it is looked
    // for, nothing tells that it is ours (docs/testing.md).
    const note = pick(
      store.notes().filter(({ createdBy }) => createdBy.id !== access.id),
      row,
    );
    const task = pick(
      store.tasks().filter(({ createdBy }) => createdBy.id !== access.id),
      row,
    );
    const comment = pick(
      store.comments().filter(({ content }) => !content.endsWith("of ours")),
      row,
    );
    const text = `${what} ${String(++this.#number)} of theirs`;
    try {
      if (how === "add" && company !== undefined) {
        if (what === "note") store.createNote({ record: company, title: text, content: "text" }, by);
        else if (what === "task") store.createTask({ content: text, linkedRecords: [company] }, by);
        else store.createComment({ content: text, on: company }, by);
      } else if (how === "change") {
        if (what === "note" && note !== undefined)
          store.updateNote(note.id, { title: `theirs ${String(value)}` }, by);
        else if (what === "task" && task !== undefined)
          store.updateTask(task.id, { isCompleted: value % 2 === 0 }, by);
        else if (what === "comment" && comment !== undefined)
          store.resolveComment(comment.id, value % 2 === 0, by);
      } else if (how === "drop") {
        if (what === "note" && note !== undefined) store.deleteNote(note.id, by);
        else if (what === "task" && task !== undefined) store.deleteTask(task.id, by);
        else if (what === "comment" && comment !== undefined) store.deleteComment(comment.id, by);
      }
    } catch (error) {
      if (!(error instanceof SandboxError)) throw error;
    }
  }
}
