import { isList, isObject, type Json } from "../support/json.ts";
import { toMs, toTime } from "../support/time.ts";
import { parseValues } from "../values/parse.ts";
import type { Actor, Attribute, Container, Fields } from "./model.ts";
import type { State } from "./state.ts";
import type { Parsed } from "./write-values.ts";

const DURATION = /^P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$/;
/** Milliseconds of year, month, week, day, hour, minute, second; calendar lengths don't matter to a sandbox. */
const UNIT_MS = [31_536_000_000, 2_592_000_000, 604_800_000, 86_400_000, 3_600_000, 60_000, 1000];

/** The default values of attributes that a create doesn't name. */
export function defaultsFor(
  state: State,
  container: Container,
  given: Parsed,
  by: Actor,
): Map<Attribute, readonly Fields[]> {
  const defaults = new Map<Attribute, readonly Fields[]>();
  for (const attribute of container.attributes.values()) {
    if (given.has(attribute) || attribute.isArchived) continue;
    const value = defaultOf(state, attribute, by);
    if (value !== undefined) defaults.set(attribute, parseValues(state, attribute, value, true));
  }
  return defaults;
}

function defaultOf(state: State, attribute: Attribute, by: Actor): Json | undefined {
  const definition = attribute.defaultValue;
  if (!isObject(definition)) return undefined;
  const template = definition["template"];
  if (definition["type"] === "static") return isList(template) ? template : undefined;
  if (template === "current-user") return currentUser(state, by);
  return typeof template === "string" ? toTime(toMs(state.now()) + durationMs(template)) : undefined;
}

/** A token is no member: the docs leave open who stands in for it, here the first member. */
function currentUser(state: State, by: Actor): Json | undefined {
  const id = by.type === "workspace-member" ? by.id : state.members.keys().next().value;
  return id == null ? undefined : { referenced_actor_type: "workspace-member", referenced_actor_id: id };
}

function durationMs(text: string): number {
  const parts = (DURATION.exec(text)?.slice(1) ?? []).map((part?: string) => part ?? "0");
  return parts.reduce((sum, part, index) => sum + Number(part) * (UNIT_MS[index] ?? 0), 0);
}
