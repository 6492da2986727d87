import type { Json, JsonObject } from "../support/json.ts";
import { matches } from "./log.ts";
import type { RefusalCode } from "./refusals.ts";

/** What goes wrong. `applied` kinds come after the request did its work, the others instead of it or before it. */
export type Misbehaviour =
  /** Refused with a status; the request isn't carried out. */
  | { kind: "status"; status: number; body?: JsonObject; headers?: Record<string, string> }
  /** Refused with a code of Attio's, in its usual status and words; the request isn't carried out. */
  | { kind: "refusal"; code: RefusalCode }
  /** A page of HTML, as an edge server gives; the request isn't carried out. */
  | { kind: "html"; status: number }
  /** No answer ever; the request isn't carried out. */
  | { kind: "hang" }
  /** The connection is closed at once; the request isn't carried out. */
  | { kind: "refuse" }
  /** Waits, then carries the request out. */
  | { kind: "slow"; ms: number }
  /** The connection is closed at once; the request is carried out that much later. */
  | { kind: "late-effect"; ms: number }
  /** Applied; the connection is reset in the middle of the answer. */
  | { kind: "cut" }
  /** Applied; the answer is whole as HTTP but its JSON ends early. */
  | { kind: "truncate" }
  /** Applied; the listing has fewer items than it should. */
  | { kind: "short"; items: number }
  /** Applied; the connection is closed without an answer. */
  | { kind: "lost" }
  /** Applied; the answer comes late. */
  | { kind: "late"; ms: number };

/** A fault as data: which requests, after how many, how often, and what happens to them. */
export type Fault = Misbehaviour & {
  method?: string;
  /** Text matches any path that contains it. */
  path?: RegExp | string;
  /** Text that the body holds when written as JSON. */
  holds?: string;
  /** How many matching requests go well first; 0 if left out. */
  after?: number;
  /** How many requests are hit; without an end if left out. */
  times?: number;
  /** Of the requests after `after`, the first and then every so many-th is hit; 1, which is each of them, if left out. */
  every?: number;
};

/** A fault that was added. */
export interface FaultHandle {
  readonly fault: Fault;
  /** Requests hit so far. */
  readonly hits: number;
  remove(): void;
}

/** The faults in force; the first that applies to a request wins. */
export interface Faults {
  add(fault: Fault): FaultHandle;
  clear(): void;
  /** The fault that hits this request, which counts as a hit. */
  take(request: FaultableRequest): Misbehaviour | undefined;
}

/** What a fault is chosen by. */
export interface FaultableRequest {
  readonly method: string;
  readonly path: string;
  readonly body: Json | undefined;
}

/** Creates an empty set of faults. */
export function createFaults(): Faults {
  const active = new Set<ActiveFault>();
  return {
    add(fault) {
      const entry: ActiveFault = { fault, seen: 0, hits: 0, remove: () => void active.delete(entry) };
      active.add(entry);
      return entry;
    },
    clear: () => active.clear(),
    take(request) {
      for (const entry of active) if (applies(entry, request)) return entry.fault;
      return undefined;
    },
  };
}

interface ActiveFault extends FaultHandle {
  seen: number;
  hits: number;
}

function applies(entry: ActiveFault, request: FaultableRequest): boolean {
  const { method, path, holds, after = 0, every = 1, times = Number.POSITIVE_INFINITY } = entry.fault;
  const wanted = { ...(method !== undefined && { method }), ...(path !== undefined && { path }) };
  if (!matches(request, wanted) || entry.hits >= times) return false;
  if (holds !== undefined && !JSON.stringify(request.body ?? null).includes(holds)) return false;
  entry.seen++;
  if (entry.seen <= after || (entry.seen - after - 1) % every !== 0) return false;
  entry.hits++;
  return true;
}
