import type { Capture, CapturedGroup, Check } from "../../db/mirror/capture-plan.ts";
import type { Column } from "../../db/mirror/tables.ts";
import type { WritableStream } from "../streams.ts";

/** What Attio lets us write of a fixed table; docs.attio.com, "Notes", "Tasks", "Comments". */
export type FixedCapture = Omit<Capture, "softDelete"> & { table: string };

const group = (name: string, type: Column["type"], checks?: readonly Check[]): CapturedGroup => ({
  columns: [{ name, type }],
  unique: false,
  ...(checks && { checks }),
});

const time = (name: string): Column => ({ name, type: "timestamp with time zone" });

const LINK_PROBLEM =
  'column "linked_records" must be an array of {"target_object_id": …, "target_record_id": …}';

/** `attio.links` reads them, which an element of another form would break. */
const LINK_CHECKS: readonly Check[] = [
  ["jsonb_typeof(n.linked_records) <> 'array'", LINK_PROBLEM],
  [
    `jsonb_array_length(n.linked_records) <> jsonb_array_length(jsonb_path_query_array(n.linked_records, 'strict $[*] ? (
      @.target_object_id.type() == "string"
      && @.target_record_id like_regex "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$" flag "i")'))`,
    LINK_PROBLEM,
  ],
];

const CREATED: readonly Column[] = [
  { name: "created_by_actor_type", type: "text" },
  { name: "created_by_actor_id", type: "uuid" },
  time("created_at"),
];

export const FIXED_CAPTURES: Readonly<Record<WritableStream, FixedCapture>> = {
  notes: {
    stream: "notes",
    id: "notes",
    table: "notes",
    key: "note_id",
    insertOnly: ["parent_object", "parent_record_id", "meeting_id"],
    required: ["parent_object", "parent_record_id"],
    // Each form of the content by itself: only so can it be told later which of them was written last.
    groups: [group("title", "text"), group("content_markdown", "text"), group("content_plaintext", "text")],
    readOnly: [{ name: "tags", type: "jsonb" }, ...CREATED],
  },
  tasks: {
    stream: "tasks",
    id: "tasks",
    table: "tasks",
    key: "task_id",
    insertOnly: ["content_plaintext"],
    required: ["content_plaintext"],
    groups: [
      group("deadline_at", "timestamp with time zone"),
      group("is_completed", "boolean"),
      group("linked_records", "jsonb", LINK_CHECKS),
      group("assignees", "uuid[]"),
    ],
    readOnly: [time("completed_at"), ...CREATED],
  },
  comments: {
    stream: "comments",
    id: "comments",
    table: "comments",
    key: "comment_id",
    insertOnly: [
      "content_plaintext",
      "thread_id",
      "record_id",
      "object_id",
      "entry_id",
      "list_id",
      "author_type",
      "author_id",
    ],
    required: ["content_plaintext", "author_id"],
    insertChecks: [
      [
        "n.author_type <> 'workspace-member'",
        'column "author_type" must be workspace-member: Attio takes no other author',
      ],
      [
        `n.thread_id IS NULL AND CASE WHEN n.entry_id IS NOT NULL THEN n.list_id IS NULL
          ELSE n.record_id IS NULL OR n.object_id IS NULL END`,
        'a comment needs "thread_id", "record_id" with "object_id", or "entry_id" with "list_id"',
      ],
    ],
    groups: [],
    readOnly: [
      time("resolved_at"),
      { name: "resolved_by_type", type: "text" },
      { name: "resolved_by_id", type: "uuid" },
      time("created_at"),
    ],
  },
};

/** All columns of such a table that are the mirror's. */
export function mirroredColumns({ key, insertOnly, groups, readOnly }: FixedCapture): string[] {
  const grouped = groups.flatMap(({ columns }) => columns.map(({ name }) => name));
  return [key, ...insertOnly, ...grouped, ...readOnly.map(({ name }) => name)];
}
