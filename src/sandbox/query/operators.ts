import { SandboxError } from "../support/errors.ts";
import { isList, type Json } from "../support/json.ts";
import { operand, type Property } from "./properties.ts";

/** What a value's property holds, undefined or null if it holds nothing. */
export type Scalar = string | number | boolean | null | undefined;

/** A test of one value's property. */
export type ScalarTest = (actual: Scalar) => boolean;

/** Attio publishes no cap on `$in`; the sandbox refuses more than this. */
export const MAX_IN = 500;

/** A refused filter: 400 `filter_error`. */
export function filterError(message: string): SandboxError {
  return new SandboxError(400, "filter_error", message);
}

/** Compiles one operator on one property. Throws 400 `filter_error` for an unknown one or an unfit operand. */
export function compileOperator(property: Property, name: string, operator: string, raw: Json): ScalarTest {
  if (!property.operators.has(operator))
    throw filterError(`Invalid operator: ${operator} for property "${name}".`);
  if (operator === "$not_empty") return compileNotEmpty(raw);
  if (operator === "$in") return compileIn(property, name, raw);
  const expected = operand(property.comparison, raw, operator !== "$eq" && name === "active_from");
  if (expected === undefined)
    throw filterError(`Invalid value for operator ${operator} on property "${name}".`);
  if (property.comparison === "text" && operator === "$eq") return (actual) => actual === expected;
  return compileComparison(operator, expected);
}

function compileComparison(operator: string, expected: string | number | boolean): ScalarTest {
  const needle = String(expected).toLowerCase();
  switch (operator) {
    case "$contains":
      return (actual) => typeof actual === "string" && actual.toLowerCase().includes(needle);
    case "$starts_with":
      return (actual) => typeof actual === "string" && actual.toLowerCase().startsWith(needle);
    case "$ends_with":
      return (actual) => typeof actual === "string" && actual.toLowerCase().endsWith(needle);
    case "$lt":
      return (actual) => actual != null && actual < expected;
    case "$lte":
      return (actual) => actual != null && actual <= expected;
    case "$gt":
      return (actual) => actual != null && actual > expected;
    case "$gte":
      return (actual) => actual != null && actual >= expected;
    default:
      return (actual) => actual === expected;
  }
}

function compileNotEmpty(raw: Json): ScalarTest {
  if (raw !== true) throw filterError("$not_empty takes true.");
  return (actual) => actual != null && actual !== "";
}

function compileIn(property: Property, name: string, raw: Json): ScalarTest {
  if (!isList(raw)) throw filterError(`Operator $in on property "${name}" takes an array.`);
  if (raw.length > MAX_IN) throw filterError(`Operator $in takes at most ${MAX_IN} values.`);
  const expected = raw.map((one) => operand(property.comparison, one, false));
  if (expected.includes(undefined))
    throw filterError(`Invalid value for operator $in on property "${name}".`);
  const all = new Set<Scalar>(expected);
  return (actual) => actual != null && all.has(actual);
}
