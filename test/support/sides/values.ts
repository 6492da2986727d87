import type { Item, SandboxStore } from "../../../src/sandbox/index.ts";
import { FIELDS, type Act, type ObjectName, type Value } from "./acts.ts";

/** The field that an edit means; `values` is left out of a choice. */
export function fieldOf({ object, field }: Act & { kind: "edit" }): {
  slug: string;
  values?: readonly Value[];
} {
  const fields = FIELDS[object];
  return fields[field % fields.length] ?? { slug: "description" };
}

/** The value that an edit means; `titles` are those that a choice has now. */
export function valueOf(act: Act & { kind: "edit" }, titles: readonly string[]): Value {
  const { slug, values } = fieldOf(act);
  if (values !== undefined) return values[act.value % values.length] ?? null;
  const at = (place: number) => titles[place % Math.max(1, titles.length)];
  if (slug === "stage") return at(act.value) ?? null;
  return [...new Set([at(act.value), at(act.value + (act.value % 3))])].filter(
    (title) => title !== undefined,
  );
}

/** A unique value; some are shared by what both sides add. */
export function keyOf(
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

/** A record's name in Attio. */
export function nameOf(item: Item, store: SandboxStore): string {
  const [name] = store.values(item, "name").active.map(({ fields }) => fields as Record<string, unknown>);
  const text = name?.["full_name"] ?? name?.["value"];
  return typeof text === "string" ? text : "nameless";
}

/** One of the list, or undefined where it is empty. */
export function pick<T>(items: readonly T[], place: number): T | undefined {
  return items[place % Math.max(1, items.length)];
}
