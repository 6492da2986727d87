import { setTimeout as delay } from "node:timers/promises";
import type postgres from "postgres";
import { memberActor, SandboxError, type Fault, type Item } from "../../src/sandbox/index.ts";
import { discardChanges } from "../../src/sync/push/resolve-changes.ts";
import { deliverEvents, drain } from "./live.ts";
import { findDifferences } from "./oracle.ts";
import { pushAll, SHORT_PATIENCE, startPusher, type TestPusher, type Writing } from "./writing.ts";

export const OBJECTS = ["people", "companies", "deals"] as const;
type ObjectName = (typeof OBJECTS)[number];
type Side = "here" | "there";

/** One step of a history; its numbers choose among what is there when it is its turn. */
export type Step =
  | { kind: "edit"; side: Side; object: ObjectName; row: number; field: number; value: number }
  | { kind: "add"; side: Side; object: ObjectName; value: number; isKeyed: boolean }
  | { kind: "add-pair"; value: number }
  | { kind: "enter" | "move"; side: Side; row: number; value: number }
  | { kind: "leave"; side: Side; row: number }
  | { kind: "remove"; side: Side; object: ObjectName; row: number }
  | { kind: "merge"; object: ObjectName; row: number; other: number }
  | { kind: "rename"; value: number }
  | { kind: "fault"; fault: Fault }
  | { kind: "push" | "kill"; value: number }
  | { kind: "hydrate" }
  | { kind: "backfill" };

/** Late effects land within this time. */
export const LATE_EFFECT_MS = 1_200;

type Value = string | number | null | readonly string[];

/** What is edited of each object; of a choice, the values are places among its titles. */
const FIELDS: Record<ObjectName, readonly { slug: string; values?: readonly Value[] }[]> = {
  people: [
    { slug: "job_title", values: ["one", "two", "three", null] },
    { slug: "description", values: ["a", "b", "c", null] },
    { slug: "phone_numbers", values: [["+442079000001"], ["+442079000002", "+442079000001"], null] },
  ],
  companies: [{ slug: "description", values: ["x", "y", "z", null] }, { slug: "categories" }],
  deals: [{ slug: "value", values: [10, 20.5, 30, null] }, { slug: "stage" }],
};

/** How a history ended. */
export interface Rest {
  differences: string[];
  /** Changes that wait. */
  waiting: number;
  /** Marks of what was made in Attio more than once, or never though its insert is done. */
  wronglyMade: string[];
  /** Writes that a further cycle caused. */
  furtherWrites: number;
  /** Local values that are neither in Attio nor accounted for. */
  lost: string[];
  /** How often changes ended otherwise than pushed, by code. */
  refusals: Record<string, number>;
}

/** Both sides of a workspace at work, with faults between them. */
export class BothSides {
  readonly #writing: Writing;
  readonly #settled: () => Promise<void>;
  readonly #pushers: TestPusher[];
  readonly #underWay = new Set<Promise<void>>();
  /** How often our token created what bears a mark. */
  readonly #made = new Map<string, number>();
  /** Marks of rows inserted here, and whether they have a key of their own. */
  readonly #marks = new Set<string>();
  /** Values written here, by row and column, that nobody changed there since they were there. */
  readonly #written = new Map<string, Value>();
  #entriesMade = 0;
  #number = 0;

  constructor(writing: Writing) {
    this.#writing = writing;
    this.#settled = deliverEvents(writing.mirror).settled;
    this.#pushers = [this.#newPusher(), this.#newPusher()];
    const { store, access } = this.#sandbox;
    store.onEvent(({ event_type: type, actor, id }) => {
      if (actor.id !== access.id) return;
      if (type === "list-entry.created") this.#entriesMade += 1;
      if (type !== "record.created") return;
      // Its values are there once the store is done.
      queueMicrotask(() => {
        const item = this.#find(String(id["record_id"]));
        const mark = item === undefined ? "nameless" : nameOf(item, store);
        this.#made.set(mark, (this.#made.get(mark) ?? 0) + 1);
      });
    });
  }

  get #sandbox() {
    return this.#writing.mirror.sandbox;
  }

  get #user(): postgres.Sql {
    return this.#writing.user;
  }

  #newPusher(): TestPusher {
    return startPusher(this.#writing.mirror, { patience: SHORT_PATIENCE });
  }

  /** Does one step; what there is nothing for is left out. */
  async play(step: Step): Promise<void> {
    switch (step.kind) {
      case "edit":
        return this.#edit(step);
      case "add":
        return this.#add(step);
      case "add-pair":
        return this.#addPair();
      case "enter":
        return this.#enter(step);
      case "move":
        return this.#move(step);
      case "leave":
        return this.#leave(step);
      case "remove":
        return this.#remove(step);
      case "merge":
        return this.#merge(step);
      case "rename":
        return this.#rename(step);
      case "fault":
        this.#sandbox.faults.add(step.fault);
        return;
      case "push":
        return this.#push(step.value);
      case "kill":
        return this.#kill(step.value);
      case "hydrate":
        return this.#hydrate();
      case "backfill":
        await this.#writing.mirror.backfill({ streams: [...OBJECTS, "list:sales"] }).catch(ignoreFault);
    }
  }

  /** Ends all faults, lets both sides come to rest, and says how. */
  async rest(): Promise<Rest> {
    const { mirror } = this.#writing;
    const [pusher] = this.#pushers as [TestPusher];
    this.#sandbox.faults.clear();
    await Promise.all(this.#underWay);
    await delay(LATE_EFFECT_MS + 200);
    const settle = async () => {
      await this.#settled();
      await drain(mirror);
      await pushAll(mirror, pusher);
      await this.#settled();
      await drain(mirror);
    };
    await settle();
    const refusals = await this.#refusals();
    const lost = await this.#lost();
    const open = await this.#user<{ id: string }[]>`
      SELECT id FROM attio.changes WHERE status IN ('failed', 'conflict')`;
    await discardChanges(
      mirror.db,
      open.map(({ id }) => Number(id)),
    );
    await settle();
    const differences = await findDifferences(this.#sandbox, mirror.db.sql, { resources: [] });
    const writes = this.#sandbox.log.count({ kind: "write" });
    await mirror.backfill({ streams: [...OBJECTS, "list:sales"] });
    await settle();
    const [left] = await this.#user<{ count: number }[]>`
      SELECT count(*)::int AS count FROM attio.changes WHERE status NOT IN ('pushed', 'discarded')`;
    return {
      differences,
      waiting: left?.count ?? 0,
      wronglyMade: await this.#wronglyMade(),
      furtherWrites: this.#sandbox.log.count({ kind: "write" }) - writes,
      lost,
      refusals,
    };
  }

  async #refusals(): Promise<Record<string, number>> {
    const rows = await this.#user<{ code: string; count: number }[]>`
      SELECT operation || ' ' || status || ' ' || coalesce(error_code, '') AS code, count(*)::int AS count
      FROM attio.changes WHERE status <> 'pushed' GROUP BY 1`;
    return Object.fromEntries(rows.map(({ code, count }) => [code, count]));
  }

  async #wronglyMade(): Promise<string[]> {
    const done = await this.#user<{ mark: string }[]>`
      SELECT changes ->> 'name' AS mark FROM attio.changes WHERE operation = 'insert' AND status = 'pushed'`;
    const twice = [...this.#made]
      .filter(([, times]) => times > 1)
      .map(([mark, times]) => `${mark}: ${String(times)} times`);
    const never = done
      .map(({ mark }) => mark)
      .filter((mark) => this.#marks.has(mark) && !this.#made.has(mark));
    const [entries] = await this.#user<{ count: number }[]>`
      SELECT count(*)::int AS count FROM attio.changes
      WHERE operation = 'insert' AND status = 'pushed' AND table_name = 'list_sales'`;
    if (entries?.count !== this.#entriesMade)
      twice.push(`${String(this.#entriesMade)} entries of ${String(entries?.count)}`);
    return [...twice, ...never.map((mark) => `${mark}: never`)];
  }

  /** A row that is gone, or that a conflict or a refusal was recorded of, may have lost its value. */
  async #lost(): Promise<string[]> {
    const accounted = new Set(
      (
        await this.#user<{ id: string }[]>`
          SELECT record_id AS id FROM attio.changes WHERE status <> 'pushed'`
      ).map(({ id }) => id),
    );
    const conflicts = await this.#writing.mirror.db.sql<{ id: string }[]>`
      SELECT record_id AS id FROM attio_sync.conflicts`;
    for (const { id } of conflicts) accounted.add(id);
    const lost: string[] = [];
    for (const [key, value] of this.#written) {
      const [given = "", slug = ""] = key.split(" ");
      const [row] = await this.#user<{ id: string }[]>`SELECT attio.current_id(${given}) AS id`;
      const id = row?.id ?? given;
      const item = this.#find(id);
      if (item === undefined || accounted.has(id) || accounted.has(given)) continue;
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

  /** Work in Attio may find things otherwise than it expected. */
  #there(work: (by: { by: ReturnType<typeof memberActor> }) => void): void {
    const [member] = this.#sandbox.store.members();
    try {
      work({ by: memberActor(member?.id ?? "") });
    } catch (error) {
      if (!(error instanceof SandboxError)) throw error;
    }
  }

  #pick(object: ObjectName, row: number): Item | undefined {
    const items = this.#sandbox.store.records(object);
    return items[row % Math.max(1, items.length)];
  }

  async #pickHere(table: string, key: string, row: number): Promise<string | undefined> {
    const rows = await this.#user<{ id: string }[]>`
      SELECT ${this.#user(key)} AS id FROM ${this.#user(`attio.${table}`)} WHERE _deleted_at IS NULL ORDER BY 1`;
    return rows[row % Math.max(1, rows.length)]?.id;
  }

  async #edit({ side, object, row, field, value }: Step & { kind: "edit" }): Promise<void> {
    const { slug, values } = FIELDS[object][field % FIELDS[object].length] ?? { slug: "description" };
    if (side === "there") {
      const item = this.#pick(object, row);
      const titles = [...this.#sandbox.store.attribute(object, slug).choices.values()].map(
        ({ title }) => title,
      );
      const next =
        values === undefined ? chosen(slug, titles, value) : (values[value % values.length] ?? null);
      if (item === undefined) return;
      this.#written.delete(`${item.id} ${slug}`);
      this.#there((by) => {
        this.#sandbox.store.updateItem(item, { [slug]: next ?? [] }, by);
      });
      return;
    }
    const id = await this.#pickHere(object, "record_id", row);
    if (id === undefined) return;
    const next =
      values === undefined
        ? chosen(slug, await this.#titles(object, slug), value)
        : (values[value % values.length] ?? null);
    // What is there already is no change: somebody may have made another one there, unseen.
    const changed = await this.#user`
      UPDATE ${this.#user(`attio.${object}`)} SET ${this.#user(slug)} = ${next as string}
      WHERE record_id = ${id} AND ${this.#user(slug)} IS DISTINCT FROM ${next as string}`;
    if (changed.count > 0 && values !== undefined && !Array.isArray(next) && slug !== "phone_numbers")
      this.#written.set(`${id} ${slug}`, next);
  }

  async #titles(object: string, slug: string): Promise<string[]> {
    const table = slug === "stage" ? "statuses" : "select_options";
    const rows = await this.#user<{ title: string }[]>`
      SELECT c.title FROM ${this.#user(`attio.${table}`)} c JOIN attio.attributes a USING (attribute_id)
      JOIN attio.objects o ON o.object_id = a.object_id WHERE a.api_slug = ${slug} AND o.api_slug = ${object} ORDER BY 1`;
    return rows.map(({ title }) => title);
  }

  async #add({ side, object, value, isKeyed }: Step & { kind: "add" }): Promise<void> {
    const mark = `mark ${String(++this.#number)}`;
    const key = isKeyed ? keyOf(object, this.#number, value) : undefined;
    const keys = key && { [key.slug]: [key.value] };
    const [member] = this.#sandbox.store.members();
    if (side === "there") {
      const required = object === "deals" && { stage: "Lead", owner: member?.id };
      this.#there((by) => {
        this.#sandbox.store.createRecord(object, { name: mark, ...required, ...keys }, by);
      });
      return;
    }
    const required = object === "deals" && { stage: "Lead", owner: member?.id ?? null };
    await this.#user`
      INSERT INTO ${this.#user(`attio.${object}`)} ${this.#user({ name: mark, ...required, ...keys })}`;
    if (key?.isShared !== true) this.#marks.add(mark);
  }

  /** A company and people that point at it, in one transaction, in either order. */
  async #addPair(): Promise<void> {
    const [id, number] = [crypto.randomUUID(), ++this.#number];
    await this.#user.begin(async (tx) => {
      await tx`INSERT INTO attio.people (name, company) VALUES (${`early ${String(number)}`}, ${id})`;
      await tx`INSERT INTO attio.companies (record_id, name) VALUES (${id}, ${`pair ${String(number)}`})`;
      await tx`INSERT INTO attio.people (name, company) VALUES (${`late ${String(number)}`}, ${id})`;
    });
    for (const word of ["early", "pair", "late"]) this.#marks.add(`${word} ${String(number)}`);
  }

  async #enter({ side, row, value }: Step & { kind: "enter" | "move" }): Promise<void> {
    const remark = `remark ${String(value)}`;
    if (side === "there") {
      const parent = this.#pick("companies", row);
      if (parent !== undefined)
        this.#there((by) => void this.#sandbox.store.createEntry("sales", parent, { remark }, by));
      return;
    }
    const id = await this.#pickHere("companies", "record_id", row);
    if (id === undefined) return;
    await this.#user`
      INSERT INTO attio.list_sales (parent_object, parent_record_id, remark) VALUES ('companies', ${id}, ${remark})`;
  }

  async #move({ side, row, value }: Step & { kind: "enter" | "move" }): Promise<void> {
    const remark = `moved ${String(value)}`;
    if (side === "there") {
      const entries = this.#sandbox.store.entries("sales");
      const entry = entries[row % Math.max(1, entries.length)];
      if (entry !== undefined)
        this.#there((by) => void this.#sandbox.store.updateItem(entry, { remark }, by));
      return;
    }
    const id = await this.#pickHere("list_sales", "entry_id", row);
    if (id !== undefined)
      await this.#user`UPDATE attio.list_sales SET remark = ${remark} WHERE entry_id = ${id}`;
  }

  async #leave({ side, row }: Step & { kind: "leave" }): Promise<void> {
    if (side === "there") {
      const entries = this.#sandbox.store.entries("sales");
      const entry = entries[row % Math.max(1, entries.length)];
      if (entry !== undefined) this.#there((by) => this.#sandbox.store.deleteEntry("sales", entry.id, by));
      return;
    }
    const id = await this.#pickHere("list_sales", "entry_id", row);
    if (id !== undefined) await this.#user`DELETE FROM attio.list_sales WHERE entry_id = ${id}`;
  }

  async #remove({ side, object, row }: Step & { kind: "remove" }): Promise<void> {
    if (side === "there") {
      const item = this.#pick(object, row);
      if (item !== undefined) this.#there((by) => this.#sandbox.store.deleteRecord(object, item.id, by));
      return;
    }
    const id = await this.#pickHere(object, "record_id", row);
    if (id !== undefined)
      await this.#user`DELETE FROM ${this.#user(`attio.${object}`)} WHERE record_id = ${id}`;
  }

  #merge({ object, row, other }: Step & { kind: "merge" }): Promise<void> {
    const [first, second] = [this.#pick(object, row), this.#pick(object, other)];
    for (const item of [first, second])
      for (const key of [...this.#written.keys()])
        if (item !== undefined && key.startsWith(item.id)) this.#written.delete(key);
    if (first !== undefined && second !== undefined && first !== second)
      this.#there((by) => void this.#sandbox.store.mergeRecords(object, first.id, second.id, by));
    return Promise.resolve();
  }

  #rename({ value }: Step & { kind: "rename" }): Promise<void> {
    const choices = [...this.#sandbox.store.attribute("companies", "categories").choices.values()];
    const choice = choices[value % choices.length];
    if (choice !== undefined)
      this.#there(
        (by) =>
          void this.#sandbox.store.updateOption(
            "companies",
            "categories",
            choice.title,
            { title: `Renamed ${String(++this.#number)}` },
            by,
          ),
      );
    return Promise.resolve();
  }

  #push(value: number): Promise<void> {
    const run = (this.#pushers[value % this.#pushers.length] as TestPusher)
      .run()
      .catch(() => undefined)
      .finally(() => this.#underWay.delete(run));
    this.#underWay.add(run);
    return Promise.resolve();
  }

  async #kill(value: number): Promise<void> {
    const place = value % this.#pushers.length;
    await this.#pushers[place]?.kill();
    this.#pushers[place] = this.#newPusher();
  }

  async #hydrate(): Promise<void> {
    await this.#settled();
    await drain(this.#writing.mirror).catch(ignoreFault);
  }
}

/** What a job would be tried again for. */
function ignoreFault(error: unknown): void {
  if (!(error instanceof Error) || !error.name.startsWith("Attio")) throw error;
}

function nameOf(item: Item, store: Writing["mirror"]["sandbox"]["store"]): string {
  const [name] = store.values(item, "name").active.map(({ fields }) => fields as Record<string, unknown>);
  const text = name?.["full_name"] ?? name?.["value"];
  return typeof text === "string" ? text : "nameless";
}

/** Places among titles: one of a status, some of a list of options. */
function chosen(slug: string, titles: readonly string[], value: number): Value {
  const at = (place: number) => titles[place % Math.max(1, titles.length)];
  if (slug === "stage") return at(value) ?? null;
  return [...new Set([at(value), at(value + (value % 3))])].filter((title) => title !== undefined);
}

/** Some keys are shared by what both sides add. */
function keyOf(
  object: ObjectName,
  number: number,
  value: number,
): { slug: string; value: string; isShared: boolean } | undefined {
  const isShared = value % 3 === 0;
  const word = isShared ? `shared-${String(value % 4)}` : `key-${String(number)}`;
  if (object === "companies") return { slug: "domains", value: `${word}.com`, isShared };
  if (object === "people") return { slug: "email_addresses", value: `${word}@mail.com`, isShared };
  return undefined;
}
