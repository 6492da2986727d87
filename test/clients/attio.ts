import type { Sandbox } from "../../src/sandbox/index.ts";

/** A record or entry as Attio answers it, e.g. `{ id, values: { name: ["Acme"], categories: ["B2B", "SaaS"] } }`. */
export interface AttioItem {
  id: string;
  values: Readonly<Record<string, readonly unknown[]>>;
}

type Wire = Readonly<Record<string, unknown>>;

/** Reads all records of an object, or entries of a list, from the sandbox over HTTP. */
export async function readItems(sandbox: Sandbox, place: string): Promise<AttioItem[]> {
  const response = await fetch(`${sandbox.url}/v2/${place}/query`, {
    method: "POST",
    headers: { authorization: `Bearer ${sandbox.token}`, "content-type": "application/json" },
    body: JSON.stringify({ limit: 500 }),
  });
  const { data } = (await response.json()) as { data: Wire[] };
  return data.map((item) => ({
    id: String((item["id"] as Wire)[place.startsWith("lists/") ? "entry_id" : "record_id"]),
    values: plainValues((item["values"] ?? item["entry_values"]) as Record<string, Wire[]>),
  }));
}

function plainValues(values: Readonly<Record<string, readonly Wire[]>>): Record<string, unknown[]> {
  return Object.fromEntries(Object.entries(values).map(([slug, list]) => [slug, list.map(plain)]));
}

/** What a value says, whatever its type. */
function plain(value: Wire): unknown {
  const choice = (value["option"] ?? value["status"]) as { title?: unknown } | undefined;
  return (
    choice?.title ??
    value["full_name"] ??
    value["email_address"] ??
    value["domain"] ??
    value["target_record_id"] ??
    value["referenced_actor_id"] ??
    value["currency_value"] ??
    value["value"] ??
    value
  );
}
