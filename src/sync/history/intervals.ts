import { isJsonObject } from "../../lib/json.ts";
import { readValue } from "../mapping/read-value.ts";
import type { AttributePlan } from "../mapping/record-plan.ts";
import { cutTimestamp } from "../mapping/text.ts";

/** A value of an attribute and the time during which it held. */
export interface HistoryInterval {
  value: unknown;
  active_from: string | null;
  active_until: string | null;
  actor_type: string | null;
  actor_id: string | null;
}

/**
 * Turns Attio's past values of one attribute of one record into intervals, oldest first. Pure.
 *
 * Of a list of values each member has an interval of its own in Attio; what is kept is the whole list for as long as
 * it stayed the same (design rule 27).
 *
 * @param values as `show_historic` gives them (docs.attio.com, "List record attribute values")
 */
export function toIntervals(values: readonly unknown[], attribute: AttributePlan): HistoryInterval[] {
  const members = values.map((value) => toInterval(value, attribute)).toSorted(byStart);
  return attribute.multi ? joinMembers(members) : members;
}

function toInterval(value: unknown, attribute: AttributePlan): HistoryInterval {
  const envelope = isJsonObject(value) ? value : {};
  const actor = isJsonObject(envelope.created_by_actor) ? envelope.created_by_actor : {};
  return {
    value: readValue(value, attribute, { droppedCharacters: 0 }).main,
    active_from: timeOf(envelope.active_from),
    active_until: timeOf(envelope.active_until),
    actor_type: typeof actor.type === "string" ? actor.type : null,
    actor_id: typeof actor.id === "string" ? actor.id : null,
  };
}

/** The list as it was between any two moments at which a member came or went. */
function joinMembers(members: readonly HistoryInterval[]): HistoryInterval[] {
  const moments = new Set<string>();
  for (const { active_from: from, active_until: until } of members) {
    if (from !== null) moments.add(from);
    if (until !== null) moments.add(until);
  }
  const ordered = [...moments].toSorted();
  return ordered.flatMap((from, index) => {
    const held = members.filter((member) => holdsAt(member, from));
    const newest = held.at(-1);
    if (newest === undefined) return [];
    return {
      ...newest,
      value: held.map((member) => member.value),
      active_from: from,
      active_until: ordered[index + 1] ?? null,
    };
  });
}

function holdsAt({ active_from: from, active_until: until }: HistoryInterval, moment: string): boolean {
  return (from ?? "") <= moment && (until === null || until > moment);
}

/** Timestamps of one form order as texts do. */
function byStart(a: HistoryInterval, b: HistoryInterval): number {
  const [from, to] = [a.active_from ?? "", b.active_from ?? ""];
  return from < to ? -1 : from > to ? 1 : 0;
}

function timeOf(value: unknown): string | null {
  return typeof value === "string" ? cutTimestamp(value) : null;
}
