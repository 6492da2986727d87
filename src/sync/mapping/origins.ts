import { isJsonObject } from "../../lib/json.ts";
import type { AttributePlan } from "./record-plan.ts";
import { cutTimestamp } from "./text.ts";

/** Since when a value holds in Attio, and who set it. */
export interface Origin {
  activeFrom: string | null;
  actorType: string | null;
  actorId: string | null;
}

/**
 * The origins of a record's values. Few are ever asked for, so they are kept as small as can be: in the order of the
 * plan's attributes, equal neighbours shared.
 */
export class Origins {
  readonly #attributes: readonly AttributePlan[];
  readonly #origins: (Origin | undefined)[] = [];
  #last: Origin | undefined;

  constructor(attributes: readonly AttributePlan[]) {
    this.#attributes = attributes;
  }

  /** Notes the values of the next attribute, none where it is absent. */
  add(values: readonly unknown[]): void {
    const origin = latestOrigin(values, this.#last);
    this.#origins.push(origin);
    this.#last = origin ?? this.#last;
  }

  /** @param slug of an attribute */
  get(slug: string): Origin | undefined {
    const origin = this.#origins[this.#attributes.findIndex((attribute) => attribute.slug === slug)];
    if (origin?.activeFrom == null) return origin;
    // Not before, since hardly any is asked for.
    return { ...origin, activeFrom: cutTimestamp(origin.activeFrom) };
  }
}

/** A list of values is as old as its youngest member. Timestamps of one form order as texts do. */
function latestOrigin(values: readonly unknown[], known: Origin | undefined): Origin | undefined {
  let latest: Origin | undefined;
  for (const value of values) {
    if (!isJsonObject(value)) continue;
    const origin = originOf(value, latest ?? known);
    if (latest === undefined || (origin.activeFrom ?? "") > (latest.activeFrom ?? "")) latest = origin;
  }
  return latest;
}

function originOf(value: Record<string, unknown>, known: Origin | undefined): Origin {
  const activeFrom = typeof value.active_from === "string" ? value.active_from : null;
  const actor = isJsonObject(value.created_by_actor) ? value.created_by_actor : NOBODY;
  const actorType = typeof actor.type === "string" ? actor.type : null;
  const actorId = typeof actor.id === "string" ? actor.id : null;
  const isKnown =
    known?.activeFrom === activeFrom && known.actorType === actorType && known.actorId === actorId;
  return isKnown ? known : { activeFrom, actorType, actorId };
}

const NOBODY: Record<string, unknown> = {};
