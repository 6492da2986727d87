import type { AttioClient, RequestOptions } from "../../../attio/index.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../../../lib/json.ts";
import { taskRow } from "../../mapping/resources.ts";
import type { MappedRow } from "../../mapping/row.ts";
import type { Creation } from "../endpoint.ts";
import { LINKS, LINK_OBJECTS, readLinks, storeLinks } from "./links.ts";
import { columnAttribute, isSameText, sentOf, singleOf, textOf, type Resource } from "./resource.ts";

const DEADLINE = "deadline_at";
const COMPLETED = "is_completed";
const ASSIGNEES = "assignees";

/** Tasks: all but the text can be changed; lists take the place of what is there (docs: "Update a task"). */
export const TASKS: Resource = {
  attributes: [
    columnAttribute(DEADLINE, { kind: "timestamp", type: "timestamp with time zone" }),
    columnAttribute(COMPLETED, { kind: "checkbox", type: "boolean" }),
    columnAttribute(LINKS, {
      kind: "record-reference",
      type: "jsonb",
      multi: true,
      sides: { object: LINK_OBJECTS },
    }),
    columnAttribute(ASSIGNEES, { kind: "actor-reference", type: "uuid[]", multi: true }),
  ],
  place: [],
  forms: [],
  read: readLinks,
  store: storeLinks,

  isAsSent: ({ column }, sent, there) => column === DEADLINE && isSameSecond(sent[DEADLINE], there[DEADLINE]),

  // Whether it is done is what others change first.
  isMadeOf: (columns, local) =>
    isSameText(columns.content_plaintext, local.content_plaintext) &&
    isSameSecond(columns[DEADLINE], local[DEADLINE]) &&
    isSameSet(columns[LINKS], local[LINKS]) &&
    isSameSet(columns[ASSIGNEES], local[ASSIGNEES]),

  async madeSince(client, _local, sinceMs, options) {
    const rows: MappedRow[] = [];
    for await (const task of client.tasks.stream({ sort: "created_at:desc" }, options)) {
      if (Date.parse(task.created_at) < sinceMs) break;
      rows.push(taskRow(task));
    }
    return rows;
  },

  create,

  async update(client, id, sends, options) {
    const deadline = sentOf(sends, DEADLINE);
    const completed = sentOf(sends, COMPLETED);
    const links = sentOf(sends, LINKS);
    const assignees = sentOf(sends, ASSIGNEES);
    const fields = {
      ...(deadline !== undefined && { deadline_at: textOf(singleOf(deadline)) || null }),
      ...(completed !== undefined && { is_completed: singleOf(completed) === true }),
      ...(links !== undefined && { linked_records: links }),
      ...(assignees !== undefined && { assignees: objectsOf(assignees) }),
    };
    return taskRow(await client.tasks.update(id, fields, options));
  },

  async delete(client, id, options) {
    await client.tasks.delete(id, options);
    return { threads: [] };
  },

  doorbells: () => [],
};

async function create(
  client: AttioClient,
  { local, values }: Creation,
  options: RequestOptions,
): Promise<MappedRow> {
  const task = {
    content: textOf(local.content_plaintext),
    deadline_at: textOf(singleOf(values[DEADLINE])) || null,
    is_completed: singleOf(values[COMPLETED]) === true,
    linked_records: values[LINKS] ?? [],
    assignees: objectsOf(values[ASSIGNEES] ?? []),
  };
  return taskRow(await client.tasks.create(task, options));
}

function objectsOf(values: readonly JsonValue[]): JsonObject[] {
  return values.filter((value): value is JsonObject => isJsonObject(value));
}

/** Attio may cut a deadline's fractions. */
function isSameSecond(a: unknown, b: unknown): boolean {
  const second = (time: unknown) => (time == null ? null : Math.floor(Date.parse(textOf(time)) / 1_000));
  return second(a) === second(b);
}

function isSameSet(a: unknown, b: unknown): boolean {
  const members = (list: unknown) => (Array.isArray(list) ? [...new Set(list.map(String))].sort() : []);
  return members(a).join() === members(b).join();
}
