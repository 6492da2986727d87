import { hasTimeOfDay, parseTime } from "../support/time.ts";
import type { Json } from "../support/json.ts";

/** How the values of a property are compared. */
export type Comparison = "text" | "number" | "boolean" | "date" | "timestamp" | "choice" | "id";

/** A property that can be filtered by, and the operators it takes. */
export interface Property {
  readonly comparison: Comparison;
  readonly operators: ReadonlySet<string>;
}

/** What can be filtered on a type: its properties, and the one meant when none is named. */
export interface FilterableType {
  readonly implicit: string | undefined;
  readonly properties: Readonly<Record<string, Property>>;
}

const STRING_OPERATORS = ["$eq", "$contains", "$starts_with", "$ends_with", "$not_empty"];
const ORDER_OPERATORS = ["$eq", "$gt", "$gte", "$lt", "$lte", "$not_empty"];

const text = property("text", STRING_OPERATORS);
const code = property("text", ["$eq", "$starts_with", "$not_empty"]);
const exact = property("id", ["$eq", "$not_empty"]);
const id = property("id", ["$eq", "$in", "$not_empty"]);
const since = property("timestamp", ["$lt", "$lte", "$gt", "$gte"]);
const number = property("number", ORDER_OPERATORS);

/** Filterable properties by attribute type (docs page "Filtering and sorting" and the page of each type). */
export const FILTERABLE: Readonly<Record<string, FilterableType>> = {
  text: { implicit: "value", properties: { value: property("text", [...STRING_OPERATORS, "$in"]) } },
  number: { implicit: "value", properties: { value: number } },
  rating: { implicit: "value", properties: { value: number } },
  checkbox: { implicit: "value", properties: { value: property("boolean", ["$eq", "$not_empty"]) } },
  currency: { implicit: "currency_value", properties: { currency_value: number } },
  date: { implicit: "value", properties: { value: property("date", ORDER_OPERATORS) } },
  timestamp: { implicit: "value", properties: { value: property("timestamp", ORDER_OPERATORS) } },
  status: {
    implicit: "status",
    properties: { status: property("choice", ["$eq", "$not_empty"]), active_from: since },
  },
  select: {
    implicit: "option",
    properties: { option: property("choice", ["$eq", "$not_empty"]), active_from: since },
  },
  "record-reference": {
    implicit: undefined,
    properties: { target_object: exact, target_record_id: id },
  },
  "actor-reference": {
    implicit: undefined,
    properties: { referenced_actor_type: exact, referenced_actor_id: exact },
  },
  location: {
    implicit: undefined,
    properties: {
      line_1: text,
      line_2: text,
      line_3: text,
      line_4: text,
      locality: text,
      region: text,
      postcode: text,
      country_code: code,
    },
  },
  domain: { implicit: "domain", properties: { domain: text, root_domain: text } },
  "email-address": {
    implicit: "email_address",
    properties: {
      email_address: text,
      email_domain: text,
      email_root_domain: text,
      email_local_specifier: text,
    },
  },
  "phone-number": { implicit: "phone_number", properties: { phone_number: text, country_code: exact } },
  "personal-name": {
    implicit: "full_name",
    properties: { first_name: text, last_name: text, full_name: text },
  },
  interaction: {
    implicit: undefined,
    properties: {
      owner_member_id: exact,
      interaction_type: exact,
      interacted_at: property("timestamp", ORDER_OPERATORS),
    },
  },
};

/** A filter's operand in the form in which it is compared; undefined if it doesn't fit. */
export function operand(
  comparison: Comparison,
  raw: Json,
  isRange: boolean,
): string | number | boolean | undefined {
  switch (comparison) {
    case "text":
    case "choice":
    case "id":
      return typeof raw === "string" ? raw : undefined;
    case "number":
      return typeof raw === "number" || (typeof raw === "string" && raw.trim() !== "")
        ? numeric(raw)
        : undefined;
    case "boolean":
      return typeof raw === "boolean" ? raw : undefined;
    case "date":
      return typeof raw === "string" ? parseTime(raw)?.slice(0, 10) : undefined;
    case "timestamp":
      return typeof raw === "string" && (hasTimeOfDay(raw) || isRange) ? parseTime(raw) : undefined;
  }
}

function numeric(raw: string | number): number | undefined {
  const value = Number(raw);
  return Number.isFinite(value) ? value : undefined;
}

function property(comparison: Comparison, operators: readonly string[]): Property {
  return { comparison, operators: new Set(operators) };
}
