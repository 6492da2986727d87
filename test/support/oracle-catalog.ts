import { at, listAt, textAt, type Api, type Json } from "./oracle-api.ts";
import type { ExpectedRow } from "./oracle-resources.ts";

/** An object or a list, with what decides its table. */
export interface Source {
  kind: "object" | "list";
  id: string;
  slug: string;
  json: Json;
  attributes: readonly SourceAttribute[];
}

export interface SourceAttribute {
  id: string;
  slug: string;
  type: string;
  isMulti: boolean;
  isSystem: boolean;
  hasObjectColumn: boolean;
  json: Json;
  /** Options or statuses as Attio lists them. */
  choices: readonly Json[];
  titles: ReadonlyMap<string, string>;
}

const KINDS = { object: "objects", list: "lists" } as const;

/** Reads all objects and lists with their attributes, archived ones too. */
export async function readSources(api: Api): Promise<Source[]> {
  const sources: Source[] = [];
  for (const kind of ["object", "list"] as const) {
    for (const json of listAt(await api.get(`/v2/${KINDS[kind]}`), "data")) {
      sources.push(await readSource(api, kind, json));
    }
  }
  return sources;
}

async function readSource(api: Api, kind: Source["kind"], json: Json): Promise<Source> {
  const id = textAt(json, `id.${kind}_id`);
  const base = `/v2/${KINDS[kind]}/${id}/attributes`;
  const attributes: SourceAttribute[] = [];
  for (const attribute of await api.byOffset(base, { show_archived: "true", limit: "500" })) {
    attributes.push(await readAttribute(api, base, attribute));
  }
  return { kind, id, slug: textAt(json, "api_slug"), json, attributes };
}

async function readAttribute(api: Api, base: string, json: Json): Promise<SourceAttribute> {
  const id = textAt(json, "id.attribute_id");
  const type = textAt(json, "type");
  const endpoint = type === "select" ? "options" : type === "status" ? "statuses" : undefined;
  const choices =
    endpoint === undefined
      ? []
      : listAt(await api.get(`${base}/${id}/${endpoint}`, { show_archived: "true" }), "data");
  const idPath = type === "status" ? "id.status_id" : "id.option_id";
  return {
    id,
    slug: textAt(json, "api_slug"),
    type,
    isMulti: at(json, "is_multiselect") === true,
    isSystem: at(json, "is_system_attribute") === true,
    hasObjectColumn: listAt(json, "config.record_reference.allowed_object_ids").length !== 1,
    json,
    choices,
    titles: new Map(choices.map((choice) => [textAt(choice, idPath), textAt(choice, "title")])),
  };
}

/** A table of the catalog and the rows that must be in it. */
export interface CatalogTable {
  table: string;
  /** One column, or two joined by a slash. */
  key: readonly string[];
  rows: ExpectedRow[];
}

/** What the tables that describe the workspace must hold. */
export function expectCatalog(sources: readonly Source[]): CatalogTable[] {
  const attributes = sources.flatMap((source) =>
    source.attributes.map((attribute) => ({ source, attribute })),
  );
  const choicesOf = (type: "select" | "status") =>
    attributes
      .filter(({ attribute }) => attribute.type === type)
      .flatMap(({ source, attribute }) => attribute.choices.map((json) => ({ source, attribute, json })));
  return [
    {
      table: "objects",
      key: ["object_id"],
      rows: sources.filter((one) => one.kind === "object").map(objectRow),
    },
    { table: "lists", key: ["list_id"], rows: sources.filter((one) => one.kind === "list").map(listRow) },
    {
      table: "attributes",
      key: ["object_id", "attribute_id"],
      rows: attributes.map(({ source, attribute }) => attributeRow(source, attribute)),
    },
    {
      table: "select_options",
      key: ["attribute_id", "option_id"],
      rows: choicesOf("select").map(({ source, attribute, json }) => ({
        id: `${attribute.id}/${textAt(json, "id.option_id")}`,
        columns: { ...fields(json, "title", "is_archived"), object_id: source.id },
      })),
    },
    {
      table: "statuses",
      key: ["attribute_id", "status_id"],
      rows: choicesOf("status").map(({ source, attribute, json }) => ({
        id: `${attribute.id}/${textAt(json, "id.status_id")}`,
        columns: {
          ...fields(json, "title", "is_archived", "celebration_enabled", "target_time_in_status"),
          object_id: source.id,
        },
      })),
    },
  ];
}

function fields(json: Json, ...names: string[]): Record<string, Json> {
  return Object.fromEntries(names.map((name) => [name, at(json, name)]));
}

function objectRow({ id, json }: Source): ExpectedRow {
  return { id, columns: fields(json, "api_slug", "singular_noun", "plural_noun", "created_at") };
}

function listRow({ id, json }: Source): ExpectedRow {
  const columns = {
    ...fields(
      json,
      "api_slug",
      "name",
      "parent_object",
      "workspace_access",
      "workspace_member_access",
      "created_at",
    ),
    created_by_actor_type: at(json, "created_by_actor.type"),
    created_by_actor_id: at(json, "created_by_actor.id"),
  };
  return { id, columns };
}

function attributeRow(source: Source, { id, json }: SourceAttribute): ExpectedRow {
  const columns = {
    ...fields(
      json,
      "api_slug",
      "title",
      "description",
      "type",
      "is_system_attribute",
      "is_writable",
      "is_required",
    ),
    ...fields(
      json,
      "is_unique",
      "is_multiselect",
      "is_default_value_enabled",
      "is_archived",
      "default_value",
    ),
    ...fields(json, "relationship", "config", "created_at"),
    target: source.kind === "object" ? "objects" : "lists",
  };
  return { id: `${source.id}/${id}`, columns };
}
