import type postgres from "postgres";
import type { Item, Sandbox } from "../../../src/sandbox/index.ts";
import { OBJECTS, type Value } from "./acts.ts";
import { nameOf } from "./values.ts";

/** What was done here, against which Attio is held at the end: what must be there, and be there once. */
export class Ledger {
  readonly #sandbox: Sandbox;
  readonly #user: postgres.Sql;
  /** What our token created, and the mark that it bears. */
  readonly #made = new Map<string, string>();
  /** Of these, what others deleted or merged: if our answer was lost, it could not be found any more, and was made again. */
  readonly #taken = new Set<string>();
  /** Marks of rows inserted here that have no key which others share. */
  readonly #marks = new Set<string>();
  /**
   * What was written here last, by row and column in the order of the writes; null: nobody knows, since somebody changed it
   * there. A row may stand here under two ids, the one that it was inserted with and Attio's.
   */
  readonly #written = new Map<string, { value: Value } | null>();
  /** Entries that our token created. */
  readonly #entries = new Set<string>();
  #number = 0;

  /** @param user a user's own connection, which may read everything */
  constructor(sandbox: Sandbox, user: postgres.Sql) {
    this.#sandbox = sandbox;
    this.#user = user;
    const { store, access } = sandbox;
    store.onEvent(({ event_type: type, actor, id, ...event }) => {
      const recordId = String(id["record_id"]);
      if (actor.id !== access.id) {
        if (type === "record.deleted") this.#taken.add(recordId);
        const merged = event["duplicate_record_id"];
        if (typeof merged === "string") this.#taken.add(merged);
        return;
      }
      if (type === "list-entry.created") this.#entries.add(String(id["entry_id"]));
      if (type !== "record.created") return;
      // Its values are there once the store is done.
      queueMicrotask(() => {
        const item = this.#find(recordId);
        this.#made.set(recordId, item === undefined ? "nameless" : nameOf(item, store));
      });
    });
  }

  /** A number that nothing else bears. */
  next(): number {
    return ++this.#number;
  }

  /** A row with that name was inserted, or may have been. */
  inserted(mark: string): void {
    this.#marks.add(mark);
  }

  /** A record was removed, and what bears its name may be made once more. */
  removedTwin(id: string): void {
    this.#taken.add(id);
  }

  /** A value was written here, and captured. */
  wrote(id: string, slug: string, value: Value): void {
    this.#note(`${id} ${slug}`, { value });
  }

  /** Somebody changed it there, or nobody knows whether it was written here. */
  forget(id: string, ...slugs: readonly string[]): void {
    for (const slug of slugs) this.#note(`${id} ${slug}`, null);
  }

  /** Of two notes of one row under two ids, the later one counts. */
  #note(key: string, noted: { value: Value } | null): void {
    this.#written.delete(key);
    this.#written.set(key, noted);
  }

  /** As `forget`, of any row. */
  forgetAll(slug: string): void {
    for (const key of [...this.#written.keys()]) if (key.endsWith(` ${slug}`)) this.#written.delete(key);
  }

  /** Marks of what was made in Attio more than once, or never though its insert is done. */
  async wronglyMade(): Promise<string[]> {
    const done = await this.#user<{ mark: string }[]>`
      SELECT changes ->> 'name' AS mark FROM attio.changes WHERE operation = 'insert' AND status = 'pushed'`;
    const marks = [...this.#made].filter(([id]) => !this.#taken.has(id)).map(([, mark]) => mark);
    const twice = marks
      .filter((mark, place) => marks.indexOf(mark) !== place)
      .map((mark) => `${mark}: more than once`);
    const made = new Set(this.#made.values());
    const never = done.map(({ mark }) => mark).filter((mark) => this.#marks.has(mark) && !made.has(mark));
    const settled = await this.#user<{ id: string }[]>`
      SELECT record_id AS id FROM attio.changes
      WHERE operation = 'insert' AND status = 'pushed' AND table_name = 'list_sales'`;
    const known = new Set(settled.map(({ id }) => id));
    // One whose answer was lost may be gone before it could be found, with its parent, or be at another one, into which that was
    // merged without our hearing of it: its insert is refused then, and says so.
    const refused = await this.#user`
      SELECT FROM attio_sync.outbox WHERE operation = 'insert' AND stream = 'list:sales' AND attempted_at IS NOT NULL
        AND status IN ('failed', 'discarded') AND error_code = 'not_found'`;
    const strays = this.#sandbox.store
      .entries("sales")
      .filter(({ id }) => this.#entries.has(id) && !known.has(id))
      .slice(refused.length);
    return [
      ...twice,
      ...never.map((mark) => `${mark}: never`),
      ...strays.map(({ id }) => `entry ${id} of no insert`),
    ];
  }

  /**
   * Local values that are neither in Attio nor accounted for. A row that is gone, or that a conflict or a refusal was
   * recorded of, may have lost its value.
   */
  async lost(): Promise<string[]> {
    const unpushed = await this.#user<{ id: string }[]>`
      SELECT record_id AS id FROM attio.changes WHERE status <> 'pushed'`;
    const conflicts = await this.#user<{ id: string }[]>`SELECT record_id AS id FROM attio_sync.conflicts`;
    const accounted = new Set([...unpushed, ...conflicts].map(({ id }) => id));
    const last = new Map<string, { value: Value } | null>();
    for (const [key, noted] of this.#written) {
      const [given = "", slug = ""] = key.split(" ");
      const [row] = await this.#user<{ id: string }[]>`SELECT attio.current_id(${given}) AS id`;
      last.set(`${row?.id ?? given} ${slug}`, accounted.has(given) ? null : noted);
    }
    const lost: string[] = [];
    for (const [key, noted] of last) {
      const [id = "", slug = ""] = key.split(" ");
      const item = this.#find(id);
      if (noted === null || item === undefined || accounted.has(id)) continue;
      const { value } = noted;
      const there = this.#valueOf(item, slug);
      if (JSON.stringify(there) !== JSON.stringify(value))
        lost.push(`${key}: ${String(there)}, not ${String(value)}`);
    }
    return lost;
  }

  #valueOf(item: Item, slug: string): Value {
    const [field] = this.#sandbox.store
      .values(item, slug)
      .active.map(({ fields }) => fields as Record<string, unknown>);
    const value = field?.["value"] ?? field?.["currency_value"] ?? null;
    return typeof value === "string" || typeof value === "number" ? value : null;
  }

  #find(id: string): Item | undefined {
    for (const object of OBJECTS) {
      const item = this.#sandbox.store.records(object).find((one) => one.id === id);
      if (item !== undefined) return item;
    }
    return undefined;
  }
}
