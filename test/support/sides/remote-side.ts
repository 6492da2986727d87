import { memberActor, SandboxError, type Item, type Sandbox } from "../../../src/sandbox/index.ts";
import type { Act, ObjectName } from "./acts.ts";
import type { Ledger } from "./ledger.ts";
import { fieldOf, keyOf, pick, valueOf } from "./values.ts";

type By = { by: ReturnType<typeof memberActor> };

/** What colleagues do in Attio. */
export class RemoteSide {
  readonly #sandbox: Sandbox;
  readonly #ledger: Ledger;

  constructor(sandbox: Sandbox, ledger: Ledger) {
    this.#sandbox = sandbox;
    this.#ledger = ledger;
  }

  /** Does one thing; what there is nothing for is left out. */
  play(act: Act): void {
    switch (act.kind) {
      case "edit":
        this.#edit(act);
        break;
      case "add":
        this.#add(act);
        break;
      case "enter":
        this.#enter(act.row, act.value);
        break;
      case "move":
        this.#move(act.row, act.value);
        break;
      case "leave":
        this.#leave(act.row);
        break;
      case "remove":
        this.#remove(act.object, act.row);
        break;
      case "merge":
        this.#merge(act);
        break;
      case "rename":
        this.#rename(act.value);
        break;
      case "add-pair":
        throw new Error("only local work makes pairs");
    }
  }

  /** Work in Attio may find things otherwise than it expected. */
  #do(work: (by: By) => unknown): void {
    const [member] = this.#sandbox.store.members();
    try {
      work({ by: memberActor(member?.id ?? "") });
    } catch (error) {
      if (!(error instanceof SandboxError)) throw error;
    }
  }

  #record(object: ObjectName, row: number): Item | undefined {
    return pick(this.#sandbox.store.records(object), row);
  }

  #entry(row: number): Item | undefined {
    return pick(this.#sandbox.store.entries("sales"), row);
  }

  #edit(act: Act & { kind: "edit" }): void {
    const { slug } = fieldOf(act);
    const { store } = this.#sandbox;
    const item = this.#record(act.object, act.row);
    if (item === undefined) return;
    const titles = [...store.attribute(act.object, slug).choices.values()].map(({ title }) => title);
    this.#ledger.claims.forget(item.id, slug);
    this.#do((by) => store.updateItem(item, { [slug]: valueOf(act, titles) ?? [] }, by));
  }

  #add({ object, value, isKeyed }: Act & { kind: "add" }): void {
    const number = this.#ledger.next();
    const key = isKeyed ? keyOf(object, number, value) : undefined;
    const { store } = this.#sandbox;
    const required = object === "deals" && { stage: "Lead", owner: store.members()[0]?.id };
    const values = { name: `mark ${String(number)}`, ...required, ...(key && { [key.slug]: [key.value] }) };
    this.#do((by) => store.createRecord(object, values, by));
  }

  #enter(row: number, value: number): void {
    const parent = this.#record("companies", row);
    const { store } = this.#sandbox;
    if (parent !== undefined)
      this.#do((by) => store.createEntry("sales", parent, { remark: `remark ${String(value)}` }, by));
  }

  #move(row: number, value: number): void {
    const entry = this.#entry(row);
    const { store } = this.#sandbox;
    if (entry !== undefined)
      this.#do((by) => store.updateItem(entry, { remark: `moved ${String(value)}` }, by));
  }

  #leave(row: number): void {
    const entry = this.#entry(row);
    const { store } = this.#sandbox;
    if (entry === undefined) return;
    this.#do((by) => {
      store.deleteEntry("sales", entry.id, by);
    });
  }

  #remove(object: ObjectName, row: number): void {
    const item = this.#record(object, row);
    const { store } = this.#sandbox;
    if (item === undefined) return;
    this.#do((by) => {
      store.deleteRecord(object, item.id, by);
    });
  }

  #merge({ object, row, other }: Act & { kind: "merge" }): void {
    const [first, second] = [this.#record(object, row), this.#record(object, other)];
    if (first === undefined || second === undefined || first === second) return;
    // Whose value the merged record gets is Attio's to say.
    this.#ledger.claims.forgetRow(first.id, second.id);
    this.#do((by) => this.#sandbox.store.mergeRecords(object, first.id, second.id, by));
  }

  #rename(value: number): void {
    const { store } = this.#sandbox;
    const choice = pick([...store.attribute("companies", "categories").choices.values()], value);
    if (choice === undefined) return;
    const title = `Renamed ${String(this.#ledger.next())}`;
    this.#do((by) => store.updateOption("companies", "categories", choice.title, { title }, by));
  }
}
