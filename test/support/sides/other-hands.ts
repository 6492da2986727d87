import type { Item, Sandbox } from "../../../src/sandbox/index.ts";

/**
 * What was done in Attio by others, or went there along with something else: it explains why a local change can't arrive.
 * Deliveries have no part in it, so that it is known whatever the mirror heard.
 */
export class OtherHands {
  readonly #sandbox: Sandbox;
  readonly #gone = new Set<string>();
  readonly #merged = new Set<string>();
  readonly #changed = new Set<string>();
  readonly #values = new Set<string>();

  constructor(sandbox: Sandbox) {
    this.#sandbox = sandbox;
    const { store, access } = sandbox;
    store.onEvent(({ event_type: type, actor, id, ...event }) => {
      const [resource, action] = type.split(".");
      // What hangs on a record goes with it, whoever deletes that.
      if (action === "deleted" && resource !== "record")
        for (const key of ["entry_id", "note_id", "task_id", "comment_id"]) this.#gone.add(String(id[key]));
      if (actor.id === access.id || resource !== "record") return;
      const recordId = String(id["record_id"]);
      this.#changed.add(recordId);
      if (action === "deleted") this.#gone.add(recordId);
      const original = event["duplicate_record_id"];
      if (typeof original === "string") this.#merged.add(original);
      // Its values are there once the store is done.
      queueMicrotask(() => {
        const item = store.state.items.get(recordId);
        if (item !== undefined) this.#gave(item, id["attribute_id"]);
      });
    });
  }

  /** Others deleted it, or it went with what was deleted. */
  deleted(id: string): boolean {
    return this.#gone.has(id);
  }

  /** Others merged it into another record. */
  merged(id: string): boolean {
    return this.#merged.has(id);
  }

  /** Others made, changed, merged or deleted that record. */
  touched(id: string): boolean {
    return this.#changed.has(id) || this.#merged.has(id);
  }

  /** Others gave that unique value to a record, or made a record with it. */
  gave(value: string): boolean {
    return this.#values.has(value);
  }

  /** The id that Attio has for it today, merges followed. */
  today(id: string): string {
    const { mergedInto } = this.#sandbox.store.state;
    let today = id;
    for (let next = mergedInto.get(today); next !== undefined; next = mergedInto.get(today)) today = next;
    return today;
  }

  #gave(item: Item, attributeId: string | undefined): void {
    for (const attribute of item.container.attributes.values()) {
      if (!attribute.isUnique || (attributeId !== undefined && attribute.id !== attributeId)) continue;
      for (const { fields } of this.#sandbox.store.values(item, attribute.slug).active)
        for (const value of Object.values(fields)) if (typeof value === "string") this.#values.add(value);
    }
  }
}
