import type { Capture } from "../../db/mirror/capture.ts";
import type { Column } from "../../db/mirror/tables.ts";
import type { WritableStream } from "../streams.ts";

/** What Attio lets us write of a fixed table; docs.attio.com, "Notes", "Tasks", "Comments". */
export type FixedCapture = Omit<Capture, "softDelete"> & { table: string };

const text = (name: string): { columns: Column[] } => ({ columns: [{ name, type: "text" }] });

const CREATED = ["created_by_actor_type", "created_by_actor_id", "created_at"];

export const FIXED_CAPTURES: Readonly<Record<WritableStream, FixedCapture>> = {
  notes: {
    stream: "notes",
    id: "notes",
    table: "notes",
    key: "note_id",
    insertOnly: ["parent_object", "parent_record_id", "meeting_id"],
    required: ["parent_object", "parent_record_id"],
    // Each form of the content by itself: only so can it be told later which of them was written last.
    groups: [text("title"), text("content_markdown"), text("content_plaintext")],
    readOnly: ["tags", ...CREATED],
  },
};

/** All columns of such a table that are the mirror's. */
export function mirroredColumns({ key, insertOnly, groups, readOnly }: FixedCapture): string[] {
  const grouped = groups.flatMap(({ columns }) => columns.map(({ name }) => name));
  return [key, ...insertOnly, ...grouped, ...readOnly];
}
