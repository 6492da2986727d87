import { MirrorError } from "../errors.ts";

/** Streams whose table is fixed, in the order a backfill takes them: parents before what hangs on them. */
export const FIXED_STREAMS = [
  "members",
  "notes",
  "tasks",
  "meetings",
  "call_recordings",
  "comments",
  "files",
] as const;

export type FixedStream = (typeof FIXED_STREAMS)[number];

/** Those of them whose table takes local writes. */
export const WRITABLE_STREAMS = ["notes", "tasks", "comments"] as const satisfies readonly FixedStream[];

export type WritableStream = (typeof WRITABLE_STREAMS)[number];

/** Whether a stream's name is that of a fixed one that takes local writes. */
export function isWritableStream(name: string): name is WritableStream {
  return (WRITABLE_STREAMS as readonly string[]).includes(name);
}

/** Whether a stream's name is that of a fixed one. */
export function isFixedStream(name: string): name is FixedStream {
  return (FIXED_STREAMS as readonly string[]).includes(name);
}

/** The stream of an object's records: its slug, unless that is the name of another stream or looks like one. */
export function objectStream(slug: string): string {
  return isFixedStream(slug) || slug.startsWith("list:") || slug.startsWith("object:")
    ? `object:${slug}`
    : slug;
}

/** Whether a stream's name is that of an object's records. */
export function isObjectStream(name: string): boolean {
  return !isFixedStream(name) && name !== "threads" && !name.startsWith("list:");
}

/** The stream of a list's entries. */
export function listStream(slug: string): string {
  return `list:${slug}`;
}

/** A stream that this workspace does not have. */
export class UnknownStreamError extends MirrorError {
  readonly stream: string;

  constructor(stream: string, known: readonly string[]) {
    super("STREAM_UNKNOWN", `There is no stream "${stream}". This workspace has: ${known.join(", ")}.`);
    this.stream = stream;
  }
}
