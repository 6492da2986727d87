import { request } from "undici";
import { BENCH_OBJECT } from "../support/sandbox.ts";
import type { SandboxPlace } from "../support/sandbox.ts";

/** Attio's own default, and what the mirror asks for. */
export const PAGE_SIZE = 500;

/** The part of an attribute's definition that decides its columns. */
export interface BenchAttribute {
  api_slug: string;
  type: string;
  is_multiselect: boolean;
}

export interface BenchRecord {
  id: { record_id: string };
  created_at: string;
  web_url: string;
  values: Record<string, Record<string, unknown>[]>;
}

/** The attributes of the benchmark object. */
export async function readAttributes(place: SandboxPlace): Promise<BenchAttribute[]> {
  const { body } = await request(`${place.url}/v2/objects/${BENCH_OBJECT}/attributes?limit=100`, {
    headers: headersOf(place),
  });
  const { data } = (await body.json()) as { data: BenchAttribute[] };
  return data.filter(({ api_slug }) => api_slug.startsWith("field_"));
}

/** One page as text. */
export async function fetchPage(place: SandboxPlace, offset: number): Promise<string> {
  const { body } = await request(`${place.url}/v2/objects/${BENCH_OBJECT}/records/query`, {
    method: "POST",
    headers: headersOf(place),
    body: pageRequest(offset),
  });
  return body.text();
}

/** The request of one page, as everybody writes it. */
export function pageRequest(offset: number): string {
  return JSON.stringify({
    limit: PAGE_SIZE,
    offset,
    sorts: [{ attribute: "created_at", direction: "asc" }],
  });
}

export function headersOf({ token }: SandboxPlace): Record<string, string> {
  return { authorization: `Bearer ${token}`, "content-type": "application/json" };
}
