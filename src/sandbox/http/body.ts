import { z } from "zod";
import { SandboxError } from "../support/errors.ts";
import { isObject, type Json, type JsonObject } from "../support/json.ts";
import { parseTime, type Time } from "../support/time.ts";
import type { Call } from "./route.ts";

/** An instant in ISO 8601, given out in Attio's form. */
export const isoTime = z.string().transform((text, context): Time => {
  const time = parseTime(text);
  if (time !== undefined) return time;
  context.addIssue({ code: "custom", message: "Invalid datetime" });
  return z.NEVER;
});

/** An instant between 1970 and now, as notes and comments may be backdated to. */
export const pastTime = isoTime.refine((time) => time >= "1970" && Date.parse(time) <= Date.now() + 1000, {
  message: "Dates before 1970 or in the future are not allowed",
});

/** A UUID in lower case. */
export const uuidText = z
  .string()
  .regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i, "Invalid uuid")
  .toLowerCase();

/** Values of a write: an object, whose contents the attributes' types judge. */
export const valuesObject = z.custom<JsonObject>((value) => isObject(value), "Expected object");

/** Any JSON value, but present. */
export const anyJson = z.custom<Json>((value) => value !== undefined, "Required");

/**
 * What a write's body holds under `data`, checked against a schema.
 * Throws 400 `validation_type` with `validation_errors` in the style of zod, as Attio does.
 */
export function readData<T>(call: Call, schema: z.ZodType<T>): T {
  return readBody(call, z.object({ data: schema })).data;
}

/** The whole body, checked against a schema. Throws as {@link readData} does. */
export function readBody<T>(call: Call, schema: z.ZodType<T>): T {
  const result = schema.safeParse(call.body);
  if (result.success) return result.data;
  throw new SandboxError(400, "validation_type", "Body payload validation error.", {
    extra: { validation_errors: result.error.issues.map(wireIssue) },
  });
}

function wireIssue(issue: z.core.$ZodIssue): JsonObject {
  const path = issue.path.map((part) => (typeof part === "number" ? part : String(part)));
  const expected =
    "expected" in issue && typeof issue.expected === "string" ? { expected: issue.expected } : {};
  return { code: issue.code, path, message: issue.message, ...expected };
}
