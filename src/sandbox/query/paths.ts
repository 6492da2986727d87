import { isList, type Json } from "../support/json.ts";
import { attributeOf } from "../store/find.ts";
import type { Attribute, Container, Item } from "../store/model.ts";
import type { State } from "../store/state.ts";
import { activeValues } from "../wire/values.ts";
import { filterError } from "./operators.ts";

/** One tuple of a path: an object or list and one of its attributes. */
export interface Step {
  readonly container: Container;
  readonly attribute: Attribute;
}

/** Reads a path. Throws 400 `filter_error` if it doesn't start at the queried container or names what isn't there. */
export function parsePath(state: State, container: Container, raw: Json): Step[] {
  if (!isList(raw) || raw.length === 0)
    throw filterError("A path must be an array of [slug, attribute] tuples.");
  return raw.map((tuple, index) => {
    const [owner, slug] = isList(tuple) ? tuple : [];
    if (typeof owner !== "string" || typeof slug !== "string") throw filterError("Invalid path segment.");
    const isFirst = index === 0;
    const found = isFirst ? startOf(container, owner) : objectOf(state, owner);
    const attribute = attributeOf(found, slug);
    if (attribute === undefined) throw filterError(`Unknown attribute slug: ${slug}.`);
    const isLast = index === raw.length - 1;
    if (!isLast && attribute.type !== "record-reference")
      throw filterError(`A path cannot lead through "${slug}".`);
    return { container: found, attribute };
  });
}

/** The items on which the path's last attribute stands. */
export function followPath(state: State, item: Item, steps: readonly Step[]): Item[] {
  let reached = [item];
  for (const [index, { attribute }] of steps.slice(0, -1).entries()) {
    const next = steps[index + 1]?.container;
    reached = reached
      .flatMap((one) => referencedItems(state, one, attribute))
      .filter((one) => one.container === next);
  }
  return reached;
}

function referencedItems(state: State, item: Item, attribute: Attribute): Item[] {
  return activeValues(item, attribute).flatMap(({ fields }) => {
    const id = fields["target_record_id"];
    const target = typeof id === "string" ? state.items.get(id) : undefined;
    return target ?? [];
  });
}

function startOf(container: Container, name: string): Container {
  if (container.id === name || container.slug === name) return container;
  throw filterError(`A path must start at "${container.slug}".`);
}

function objectOf(state: State, name: string): Container {
  for (const object of state.objects.values()) if (object.id === name || object.slug === name) return object;
  throw filterError(`Unknown object in path: ${name}.`);
}
