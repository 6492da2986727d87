import { z } from "zod";
import { badRequest, invalidPayload, SandboxError } from "../support/errors.ts";
import { anyJson, readData } from "../http/body.ts";
import { actorOf, data, param, type Call, type Reply, type Route } from "../http/route.ts";
import { isObject } from "../support/json.ts";
import { createChoice, updateChoice, type AttributeInput } from "../store/attributes.ts";
import type { Attribute, Container } from "../store/model.ts";
import { wireAttribute, wireChoice } from "../wire/schema.ts";
import { attributeOfCall, configurationScope, containerOf, targetParam, type TargetKind } from "./targets.ts";

const TYPES = [
  "text",
  "number",
  "checkbox",
  "currency",
  "date",
  "timestamp",
  "rating",
  "status",
  "select",
  "record-reference",
  "actor-reference",
  "location",
  "domain",
  "email-address",
  "phone-number",
] as const;
const MULTISELECT = new Set<string>([
  "select",
  "record-reference",
  "actor-reference",
  "email-address",
  "phone-number",
  "domain",
]);

const config = z.object({
  currency: z
    .object({
      default_currency_code: z.string(),
      display_type: z.enum(["code", "name", "narrowSymbol", "symbol"]),
    })
    .optional(),
  record_reference: z.object({ allowed_objects: z.array(z.string()).min(1) }).optional(),
});
const createBody = z.object({
  title: z.string(),
  description: z.string().nullable(),
  api_slug: z.string().min(1),
  type: z.enum(TYPES),
  is_required: z.boolean(),
  is_unique: z.boolean(),
  is_multiselect: z.boolean(),
  config,
  default_value: anyJson.nullish(),
  relationship: z
    .object({
      object: z.string(),
      title: z.string(),
      api_slug: z.string().min(1),
      is_multiselect: z.boolean(),
    })
    .optional(),
});
const patchBody = createBody
  .pick({
    title: true,
    description: true,
    api_slug: true,
    is_required: true,
    is_unique: true,
    default_value: true,
  })
  .extend({ config, is_archived: z.boolean() })
  .partial();
const choiceBody = z.object({
  title: z.string().min(1),
  celebration_enabled: z.boolean().optional(),
  target_time_in_status: z.string().nullish(),
});
const choicePatch = choiceBody.extend({ is_archived: z.boolean() }).partial();

/** Creating and changing attributes, options and statuses (docs page "Attributes"). */
export function attributeWriteRoutes(): Route[] {
  return [...routesFor("objects"), ...routesFor("lists")];
}

function routesFor(kind: TargetKind): Route[] {
  const base = `/v2/${kind}/${targetParam(kind)}/attributes`;
  const scopes = [configurationScope(kind, "read-write")];
  const write = (method: Route["method"], url: string, handle: (call: Call) => Reply): Route => ({
    method,
    url,
    scopes,
    kind: "write",
    handle,
  });
  return [
    write("POST", base, (call) => create(call, containerOf(call, kind))),
    write("PATCH", `${base}/:attribute`, (call) => update(call, containerOf(call, kind))),
    write("POST", `${base}/:attribute/options`, (call) => addChoice(call, kind, "select")),
    write("POST", `${base}/:attribute/statuses`, (call) => addChoice(call, kind, "status")),
    write("PATCH", `${base}/:attribute/options/:choice`, (call) => changeChoice(call, kind, "select")),
    write("PATCH", `${base}/:attribute/statuses/:choice`, (call) => changeChoice(call, kind, "status")),
  ];
}

function create(call: Call, container: Container): Reply {
  const body = readData(call, createBody);
  assertCreatable(container, body);
  const { relationship, default_value: defaultValue } = body;
  const input: AttributeInput = {
    slug: body.api_slug,
    title: body.title,
    description: body.description,
    type: body.type,
    isRequired: body.is_required,
    isUnique: body.is_unique,
    isMultiselect: body.is_multiselect,
    ...(defaultValue != null && { defaultValue }),
    ...configOf(body.config),
    ...(relationship !== undefined && {
      relationship: {
        object: relationship.object,
        slug: relationship.api_slug,
        title: relationship.title,
        isMultiselect: relationship.is_multiselect,
      },
    }),
  };
  const attribute = call.store.createAttribute(container, input, { by: actorOf(call) });
  return data(wireAttribute(call.store.state, attribute));
}

function assertCreatable(container: Container, body: z.infer<typeof createBody>): void {
  if (body.is_multiselect && !MULTISELECT.has(body.type)) {
    throw badRequest("validation_type", `Attributes of type "${body.type}" cannot be multiselect.`);
  }
  const isBasic = container.slug === "people" || container.slug === "companies";
  if (body.type === "status" && container.kind === "object" && isBasic) {
    throw badRequest("validation_type", "Status attributes are not supported on people and companies.");
  }
  if (body.relationship !== undefined && body.type !== "record-reference") {
    throw badRequest("validation_type", "Only record-reference attributes have a relationship.");
  }
  const hasObjects = body.config.record_reference !== undefined || body.relationship !== undefined;
  if (body.type === "record-reference" && !hasObjects) {
    throw invalidPayload(["data", "config", "record_reference"]);
  }
}

function update(call: Call, container: Container): Reply {
  const attribute = attributeOfCall(call, container);
  assertFixedParts(call);
  const body = readData(call, patchBody);
  if (attribute.isSystem) {
    throw badRequest("system_edit_unauthorized", "System attributes cannot be edited.");
  }
  const { api_slug, title, description, is_required, is_unique, is_archived, default_value } = body;
  const patch = {
    ...(api_slug !== undefined && { slug: api_slug }),
    ...(title !== undefined && { title }),
    ...(description !== undefined && { description }),
    ...(is_required !== undefined && { isRequired: is_required }),
    ...(is_unique !== undefined && { isUnique: is_unique }),
    ...(is_archived !== undefined && { isArchived: is_archived }),
    ...(default_value !== undefined && { defaultValue: default_value }),
    ...(body.config !== undefined && configOf(body.config)),
  };
  call.store.updateAttribute(container, attribute.id, patch, { by: actorOf(call) });
  return data(wireAttribute(call.store.state, attribute));
}

/** Type and cardinality can never be changed. */
function assertFixedParts(call: Call): void {
  const given = isObject(call.body) ? call.body["data"] : undefined;
  for (const key of ["type", "is_multiselect"]) {
    if (isObject(given) && key in given) throw invalidPayload(["data", key], "Cannot be changed");
  }
}

function configOf({ currency, record_reference }: z.infer<typeof config>) {
  return {
    ...(currency !== undefined && {
      currency: { code: currency.default_currency_code, display: currency.display_type },
    }),
    ...(record_reference !== undefined && { allowedObjects: record_reference.allowed_objects }),
  };
}

function addChoice(call: Call, kind: TargetKind, type: "select" | "status"): Reply {
  const attribute = choiceAttribute(call, kind, type);
  const { title, ...rest } = readData(call, choiceBody);
  const choice = createChoice(call.store.state, attribute, title, choicePatchOf(rest), { by: actorOf(call) });
  return data(wireChoice(call.store.state, attribute, choice));
}

function changeChoice(call: Call, kind: TargetKind, type: "select" | "status"): Reply {
  const attribute = choiceAttribute(call, kind, type);
  const patch = choicePatchOf(readData(call, choicePatch));
  const choice = updateChoice(call.store.state, attribute, param(call, "choice"), patch, {
    by: actorOf(call),
  });
  return data(wireChoice(call.store.state, attribute, choice));
}

function choiceAttribute(call: Call, kind: TargetKind, type: "select" | "status"): Attribute {
  const attribute = attributeOfCall(call, containerOf(call, kind));
  if (attribute.type === type) return attribute;
  throw new SandboxError(
    400,
    "validation_type",
    `Attribute with slug "${attribute.slug}" is no ${type} attribute.`,
  );
}

function choicePatchOf(body: z.infer<typeof choicePatch>) {
  const { title, is_archived, celebration_enabled, target_time_in_status } = body;
  return {
    ...(title !== undefined && { title }),
    ...(is_archived !== undefined && { isArchived: is_archived }),
    ...(celebration_enabled !== undefined && { celebrationEnabled: celebration_enabled }),
    ...(target_time_in_status !== undefined && { targetTimeInStatus: target_time_in_status }),
  };
}
