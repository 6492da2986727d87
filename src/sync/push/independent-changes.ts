import type { OutboxChange } from "../../db/queries/outbox.ts";
import { columnsOf } from "../mapping/record-plan.ts";
import type { Endpoint } from "./endpoint.ts";

/** Changes of a row, and the slugs of the attributes that they write. */
interface Group {
  slugs: Set<string>;
  changes: OutboxChange[];
}

/**
 * Groups the changes of a row so that no two groups write an attribute in common: in whatever order they are pushed, the row
 * becomes the same. The insert or the deletion of a row is one with all else that is done to it. Pure.
 */
export function independentChanges(
  endpoint: Pick<Endpoint, "attributes" | "read">,
  changes: readonly OutboxChange[],
): OutboxChange[][] {
  if (changes.some(({ operation }) => operation !== "update")) return [[...changes]];
  let groups: Group[] = [];
  for (const change of changes) {
    const written = endpoint.read(change.changes);
    const own = endpoint.attributes.filter((attribute) =>
      columnsOf(attribute).some((column) => column in written),
    );
    const slugs = new Set(own.map(({ slug }) => slug));
    const shares = (group: Group) => [...slugs].some((slug) => group.slugs.has(slug));
    const joined = groups.filter(shares);
    groups = [
      ...groups.filter((group) => !joined.includes(group)),
      {
        slugs: new Set([...slugs, ...joined.flatMap((group) => [...group.slugs])]),
        changes: [...joined.flatMap((group) => group.changes), change],
      },
    ];
  }
  return groups.map((group) => group.changes.toSorted((a, b) => a.id - b.id));
}
