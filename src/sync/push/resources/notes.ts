import { noteRow } from "../../mapping/resources.ts";
import { columnAttribute, isSameText, sentOf, singleOf, textOf, type Resource } from "./resource.ts";

const MARKDOWN = "content_markdown";
const PLAINTEXT = "content_plaintext";

const text = (column: string) => columnAttribute(column, { kind: "text", type: "text" });

/** Notes: title and content can be changed; new content takes the place of all of the old (docs: "Update a note"). */
export const NOTES: Resource = {
  attributes: [text("title"), text(MARKDOWN), text(PLAINTEXT)],
  place: ["parent_record_id"],
  forms: [[MARKDOWN, PLAINTEXT]],

  isAsSent: ({ column }, sent, there) => isSameText(sent[column], there[column]),

  isMadeOf: (columns, local) => {
    const form = PLAINTEXT in local ? PLAINTEXT : MARKDOWN;
    return isSameText(columns.title, local.title) && isSameText(columns[form], local[form]);
  },

  async madeSince(client, local, _sinceMs, options) {
    const notes = await client.notes.list(
      { parentObject: textOf(local.parent_object), parentRecordId: textOf(local.parent_record_id) },
      options,
    );
    return notes.map(noteRow);
  },

  async create(client, { local }, options) {
    const note = {
      parent_object: textOf(local.parent_object),
      parent_record_id: textOf(local.parent_record_id),
      title: textOf(local.title),
      ...contentOf(PLAINTEXT in local ? PLAINTEXT : MARKDOWN, local[MARKDOWN] ?? local[PLAINTEXT]),
      ...(local.meeting_id != null && { meeting_id: textOf(local.meeting_id) }),
    };
    return noteRow(await client.notes.create(note, options));
  },

  async update(client, id, sends, options) {
    const title = sentOf(sends, "title");
    const form = [MARKDOWN, PLAINTEXT].find((column) => sentOf(sends, column) !== undefined);
    const fields = {
      ...(title !== undefined && { title: textOf(singleOf(title)) }),
      ...(form !== undefined && contentOf(form, singleOf(sentOf(sends, form)))),
    };
    return noteRow(await client.notes.update(id, fields, options));
  },

  async delete(client, id, options) {
    await client.notes.delete(id, options);
    return { threads: [] };
  },

  doorbells: () => [],
};

function contentOf(column: string, content: unknown): { format: "markdown" | "plaintext"; content: string } {
  return { format: column === MARKDOWN ? "markdown" : "plaintext", content: textOf(content) };
}
