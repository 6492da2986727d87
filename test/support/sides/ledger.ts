import type postgres from "postgres";
import type { Sandbox } from "../../../src/sandbox/index.ts";
import { Claims } from "./claims.ts";
import { OtherHands } from "./other-hands.ts";
import { nameOf } from "./values.ts";

/** What was done here, against which Attio is held at the end: what must be there, and be there once. */
export class Ledger {
  /** Values that must be there. */
  readonly claims: Claims;
  /** What others did there. */
  readonly hands: OtherHands;
  readonly #sandbox: Sandbox;
  readonly #user: postgres.Sql;
  /** What our token created, and the mark that it bears. */
  readonly #made = new Map<string, string>();
  /** Of these, what others deleted or merged: if our answer was lost, it could not be found any more, and was made again. */
  readonly #taken = new Set<string>();
  /** Marks of rows inserted here that have no key which others share. */
  readonly #marks = new Set<string>();
  /** Marks that nothing may bear: those of inserts that mean a row which there is. */
  readonly #barred = new Set<string>();
  /** Entries that our token created. */
  readonly #entries = new Set<string>();
  #number = 0;

  /** @param user a user's own connection, which may read everything */
  constructor(sandbox: Sandbox, user: postgres.Sql) {
    this.#sandbox = sandbox;
    this.#user = user;
    this.hands = new OtherHands(sandbox);
    this.claims = new Claims(sandbox, user, this.hands);
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
        const item = store.state.items.get(recordId);
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

  /** A row with that name was given to an insert that means a row which there is: no record may come of it. */
  meantExisting(mark: string): void {
    this.#barred.add(mark);
  }

  /** Marks of what was made in Attio more than once, or never though its insert is done. */
  async wronglyMade(): Promise<string[]> {
    const second = [...this.#made.values()].filter((mark) => this.#barred.has(mark));
    // One whose unique value was changed since may have been bound to the record that had the new one.
    const done = await this.#user<{ mark: string }[]>`
      SELECT changes ->> 'name' AS mark FROM attio.changes i WHERE operation = 'insert' AND status = 'pushed'
        AND NOT EXISTS (SELECT FROM attio.changes u WHERE u.record_id = i.record_id AND u.table_name = i.table_name
          AND u.operation = 'update' AND u.changes ?| ARRAY['domains', 'email_addresses'])`;
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
      ...second.map((mark) => `${mark}: a second record`),
      ...never.map((mark) => `${mark}: never`),
      ...strays.map(({ id }) => `entry ${id} of no insert`),
    ];
  }
}
