import { isList, isObject, type Json, type JsonObject } from "../support/json.ts";
import { attributeOf, choiceOf } from "../store/find.ts";
import type { Attribute, Container, Interval, Item } from "../store/model.ts";
import type { State } from "../store/state.ts";
import { activeValues } from "../wire/values.ts";
import { compileOperator, filterError, type ScalarTest } from "./operators.ts";
import { followPath, parsePath } from "./paths.ts";
import { FILTERABLE, type FilterableType } from "./properties.ts";
import { readProperty } from "./read-property.ts";

/** A compiled filter. */
export interface Filter {
  readonly matches: (item: Item) => boolean;
  /** How many conditions it has; part of the query's score. */
  readonly conditions: number;
}

type Predicate = (item: Item) => boolean;
type ValueTest = (interval: Interval) => boolean;

/**
 * Compiles a filter of records/query or entries/query (docs page "Filtering and sorting").
 * Throws 400 `filter_error` for unknown attributes, properties and operators.
 */
export function compileFilter(state: State, container: Container, filter: Json): Filter {
  const counter = { conditions: 0 };
  const matches = compileNode({ state, counter }, container, filter);
  return { matches, conditions: counter.conditions };
}

interface Context {
  readonly state: State;
  readonly counter: { conditions: number };
}

function compileNode(context: Context, container: Container, filter: Json): Predicate {
  if (!isObject(filter)) throw filterError("A filter must be an object.");
  if (isList(filter["path"]) && "constraints" in filter) return compilePath(context, container, filter);
  return every(Object.entries(filter).map(([key, value]) => compileEntry(context, container, key, value)));
}

function compileEntry(context: Context, container: Container, key: string, value: Json): Predicate {
  if (key === "$and") return every(compileAll(context, container, key, value));
  if (key === "$or") return some(compileAll(context, container, key, value));
  if (key === "$not") {
    const inner = compileNode(context, container, value);
    return (item) => !inner(item);
  }
  if (key.startsWith("$")) throw filterError(`Invalid operator: ${key}.`);
  const attribute = attributeOf(container, key);
  if (attribute === undefined) throw filterError(`Unknown attribute slug: ${key}.`);
  return onAttribute(attribute, compileConstraints(context, attribute, value));
}

function compileAll(context: Context, container: Container, key: string, value: Json): Predicate[] {
  if (!isList(value)) throw filterError(`${key} takes an array.`);
  return value.map((one) => compileNode(context, container, one));
}

function compilePath(context: Context, container: Container, filter: JsonObject): Predicate {
  const steps = parsePath(context.state, container, filter["path"] ?? null);
  const last = steps.at(-1);
  if (last === undefined) throw filterError("A path must not be empty.");
  const test = onAttribute(
    last.attribute,
    compileConstraints(context, last.attribute, filter["constraints"] ?? null),
  );
  return (item) => followPath(context.state, item, steps).some(test);
}

/** The test that at least one value of the attribute must pass. */
function compileConstraints(context: Context, attribute: Attribute, value: Json): ValueTest {
  const type = FILTERABLE[attribute.type];
  if (type === undefined) throw filterError(`Attributes of type "${attribute.type}" cannot be filtered.`);
  if (!isObject(value)) return compileProperty(context, attribute, type, implicit(attribute, type), value);
  const keys = Object.keys(value);
  if (keys.length === 1 && value["$not_empty"] === true) return countAnd(context, () => true);
  if (keys.some((key) => key.startsWith("$"))) {
    return compileProperty(context, attribute, type, implicit(attribute, type), value);
  }
  if (attribute.type === "actor-reference") assertFlatActor(attribute, value);
  const tests = keys.map((key) => compileProperty(context, attribute, type, key, value[key] ?? null));
  return (interval) => tests.every((test) => test(interval));
}

/** One property with a scalar (meaning `$eq`) or an object of operators, which are ANDed. */
function compileProperty(
  context: Context,
  attribute: Attribute,
  type: FilterableType,
  name: string,
  value: Json,
): ValueTest {
  const property = type.properties[name];
  if (property === undefined) {
    throw filterError(`Invalid field "${name}" for attribute of type '${attribute.type}'.`);
  }
  const operators = isObject(value) ? Object.entries(value) : [["$eq", value] as const];
  context.counter.conditions += operators.length;
  const tests = operators.map(([operator, raw]) => {
    const isId = property.comparison === "choice" && operator === "$eq";
    return compileOperator(
      property,
      name,
      operator,
      isId ? choiceOperand(attribute, raw) : objectSlug(context, name, raw),
    );
  });
  return (interval) => passes(tests, readProperty(context.state, attribute, interval, name));
}

function passes(tests: readonly ScalarTest[], actual: ReturnType<typeof readProperty>): boolean {
  return tests.every((test) => test(actual));
}

function choiceOperand(attribute: Attribute, raw: Json): Json {
  if (typeof raw !== "string") return raw;
  const choice = choiceOf(attribute, raw);
  if (choice === undefined) throw filterError(`Unknown ${attribute.type} title or ID: ${raw}.`);
  return choice.id;
}

function objectSlug({ state }: Context, name: string, raw: Json): Json {
  if (name !== "target_object" || typeof raw !== "string") return raw;
  return state.objects.get(raw)?.slug ?? raw;
}

function implicit(attribute: Attribute, type: FilterableType): string {
  if (type.implicit === undefined) {
    throw filterError(`A filter on an attribute of type '${attribute.type}' must name its properties.`);
  }
  return type.implicit;
}

function assertFlatActor(attribute: Attribute, value: JsonObject): void {
  for (const [key, one] of Object.entries(value)) {
    if (!isObject(one)) continue;
    throw filterError(`Invalid field "${key}" for attribute of type '${attribute.type}'.`);
  }
}

function countAnd(context: Context, test: ValueTest): ValueTest {
  context.counter.conditions++;
  return test;
}

function onAttribute(attribute: Attribute, test: ValueTest): Predicate {
  return (item) => activeValues(item, attribute).some(test);
}

function every(tests: readonly Predicate[]): Predicate {
  return (item) => tests.every((test) => test(item));
}

function some(tests: readonly Predicate[]): Predicate {
  return (item) => tests.some((test) => test(item));
}
