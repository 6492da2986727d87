import { startWriting, type Writing, type WritingOptions } from "./writing.ts";

export type Things = Writing;

/** A mirror that is open for local writes and holds notes, tasks and comments as well. */
export function startThings(options: WritingOptions = {}): Promise<Things> {
  return startWriting({ ...options, resources: ["notes", "tasks", "comments"] });
}

/** What a statement was refused with; undefined where it was not. */
export async function refusal(work: PromiseLike<unknown>): Promise<unknown> {
  try {
    await work;
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : error;
  }
}

/** The keys of a table's rows, in order. */
export async function idsOf(user: Things["user"], table: string, key: string): Promise<string[]> {
  const rows = await user<{ id: string }[]>`SELECT ${user(key)} AS id FROM attio.${user(table)} ORDER BY 1`;
  return rows.map(({ id }) => id);
}
