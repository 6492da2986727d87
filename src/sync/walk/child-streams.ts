import type { AttioClient, RequestOptions } from "../../attio/index.ts";
import type { Sql } from "../../db/client.ts";
import type { FixedTable } from "../fetch/fixed-sources.ts";
import { callRecordingRow, commentRow, fileRow, threadRow } from "../mapping/resources.ts";
import type { MappedRow } from "../mapping/row.ts";

/** A table of the mirror whose rows have children in Attio. */
export interface ParentTable {
  /** The object's or list's id: what the crawl is ordered by. */
  id: string;
  kind: "object" | "list" | "meetings";
  table: string;
  key: string;
  /** SQL that is true of a child that hangs on one of the parents in $1, and only on it. */
  hangsOn: string;
}

export type ChildRows = Partial<Record<FixedTable, MappedRow[]>>;

/** A resource that Attio lists at each parent only. */
export interface ChildStream {
  /** The stream's own table first, then those that are fed along with it. */
  tables: readonly FixedTable[];
  parents: (sql: Sql) => Promise<ParentTable[]>;
  read: (client: AttioClient, parent: ParentTable, id: string, options: RequestOptions) => Promise<ChildRows>;
  /** SQL that is true of a row (named `child`) whose parent the mirror does not have. */
  orphaned: string;
}

/** Tables of streams that Attio shows; what it hides cannot be asked about. */
async function sourceTables(sql: Sql, kinds: readonly ("object" | "list")[]): Promise<ParentTable[]> {
  const rows = await sql<{ id: string; kind: "object" | "list"; table: string }[]>`
    SELECT s.source_id AS id, s.kind, coalesce(o.table_name, l.table_name) AS table
    FROM attio_sync.streams s
    LEFT JOIN attio.objects o ON o.object_id = s.source_id
    LEFT JOIN attio.lists l ON l.list_id = s.source_id
    WHERE s.kind = ANY(${kinds as string[]}::text[]) AND s.state NOT IN ('hidden', 'gone', 'disabled', 'forbidden')
      AND coalesce(o.table_name, l.table_name) IS NOT NULL
    ORDER BY s.source_id`;
  return rows.map(({ id, kind, table }) => ({
    id,
    kind,
    table,
    key: kind === "object" ? "record_id" : "entry_id",
    hangsOn:
      kind === "object" ? "record_id = ANY($1::uuid[]) AND entry_id IS NULL" : "entry_id = ANY($1::uuid[])",
  }));
}

async function readThreads(
  client: AttioClient,
  parent: ParentTable,
  id: string,
  options: RequestOptions,
): Promise<ChildRows> {
  const place =
    parent.kind === "list" ? { list: parent.id, entryId: id } : { object: parent.id, recordId: id };
  const threads = await client.threads.list(place, options);
  return {
    threads: threads.map(threadRow),
    comments: threads.flatMap((thread) => thread.comments.map(commentRow)),
  };
}

/** The listing has no transcripts: each recording is read once more by itself. */
async function readRecordings(
  client: AttioClient,
  _parent: ParentTable,
  id: string,
  options: RequestOptions,
): Promise<ChildRows> {
  const listed = await client.callRecordings.list(id, options);
  const recordings = await Promise.all(
    listed.map((recording) => client.callRecordings.get(id, recording.id.call_recording_id, options)),
  );
  return { call_recordings: recordings.map(callRecordingRow) };
}

export const CHILD_STREAMS = {
  comments: {
    tables: ["comments", "threads"],
    parents: (sql) => sourceTables(sql, ["object", "list"]),
    read: readThreads,
    orphaned: `CASE WHEN child.entry_id IS NULL
      THEN NOT EXISTS (SELECT 1 FROM attio.records r WHERE r.record_id = child.record_id)
      ELSE NOT EXISTS (SELECT 1 FROM attio.entries e WHERE e.entry_id = child.entry_id) END`,
  },
  files: {
    tables: ["files"],
    parents: async (sql) =>
      (await sourceTables(sql, ["object"])).map((parent) => ({
        ...parent,
        hangsOn: "record_id = ANY($1::uuid[])",
      })),
    read: async (client, parent, id, options) => ({
      files: (await client.files.list({ object: parent.id, recordId: id }, options)).map(fileRow),
    }),
    orphaned: "NOT EXISTS (SELECT 1 FROM attio.records r WHERE r.record_id = child.record_id)",
  },
  call_recordings: {
    tables: ["call_recordings"],
    parents: () =>
      Promise.resolve([
        {
          id: "meetings",
          kind: "meetings" as const,
          table: "meetings",
          key: "meeting_id",
          hangsOn: "meeting_id = ANY($1::uuid[])",
        },
      ]),
    read: readRecordings,
    orphaned: "NOT EXISTS (SELECT 1 FROM attio.meetings m WHERE m.meeting_id = child.meeting_id)",
  },
} as const satisfies Record<string, ChildStream>;

export type ChildStreamName = keyof typeof CHILD_STREAMS;

/** Whether a stream is listed at each row of other streams only. */
export function isChildStream(name: string): name is ChildStreamName {
  return Object.hasOwn(CHILD_STREAMS, name);
}
