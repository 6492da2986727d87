import type { SandboxEvent } from "../store/resources.ts";

/** What goes wrong with a delivery. */
export type DeliveryMishap =
  /** Sent several times with one `Idempotency-Key`; twice if `copies` is left out. */
  | { kind: "duplicate"; copies?: number }
  /** Never sent. */
  | { kind: "drop" }
  /** Sent later. */
  | { kind: "delay"; ms: number }
  /** Held back until so many later ones were sent; one if left out. */
  | { kind: "reorder"; behind?: number }
  /** Sent with a signature made by another secret. */
  | { kind: "forge" };

/** A delivery fault as data: which events, after how many, how often. */
export type DeliveryFault = DeliveryMishap & {
  /** Text must equal the event's type. */
  eventType?: RegExp | string;
  after?: number;
  /** Without an end if left out. */
  times?: number;
};

/** A delivery fault that was added. */
export interface DeliveryFaultHandle {
  readonly hits: number;
  remove(): void;
}

/** The delivery faults in force; the first that applies wins. */
export interface DeliveryFaults {
  add(fault: DeliveryFault): DeliveryFaultHandle;
  clear(): void;
  take(event: SandboxEvent): DeliveryMishap | undefined;
}

/** Creates an empty set of delivery faults. */
export function createDeliveryFaults(): DeliveryFaults {
  const active = new Set<Active>();
  return {
    add(fault) {
      const entry: Active = { fault, seen: 0, hits: 0, remove: () => void active.delete(entry) };
      active.add(entry);
      return entry;
    },
    clear: () => active.clear(),
    take(event) {
      for (const entry of active) if (applies(entry, event)) return entry.fault;
      return undefined;
    },
  };
}

interface Active extends DeliveryFaultHandle {
  readonly fault: DeliveryFault;
  seen: number;
  hits: number;
}

function applies(entry: Active, { event_type: type }: SandboxEvent): boolean {
  const { eventType, after = 0, times = Number.POSITIVE_INFINITY } = entry.fault;
  const isMeant =
    eventType === undefined || (typeof eventType === "string" ? eventType === type : eventType.test(type));
  if (!isMeant || entry.hits >= times) return false;
  entry.seen++;
  if (entry.seen <= after) return false;
  entry.hits++;
  return true;
}
