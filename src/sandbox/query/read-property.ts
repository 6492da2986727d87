import { isObject } from "../support/json.ts";
import type { Attribute, Interval } from "../store/model.ts";
import type { State } from "../store/state.ts";
import type { Scalar } from "./operators.ts";

/** What a value holds under a property's name, in the form in which filters and sorts compare it. */
export function readProperty(state: State, attribute: Attribute, interval: Interval, name: string): Scalar {
  const { fields } = interval;
  if (name === "active_from") return interval.from;
  if (name === "owner_member_id") {
    const owner = fields["owner_actor"];
    return isObject(owner) ? scalar(owner["id"]) : undefined;
  }
  if (name === "target_object") {
    const id = fields["target_object"];
    return typeof id === "string" ? state.objects.get(id)?.slug : undefined;
  }
  if (attribute.type === "date" && name === "value") return scalar(fields["value"]);
  return scalar(fields[name]);
}

function scalar(value: unknown): Scalar {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean"
    ? value
    : undefined;
}
