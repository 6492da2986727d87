/**
 * A value as a text that says where it ends, so that texts put one after another are equal only if all of their values are.
 * JSON would do as well, but to look for what it must escape takes twice as long as the hash. Pure.
 */
export function canonicalText(value: unknown): string {
  if (typeof value === "string") return `${value.length}:${value}`;
  if (value === null || value === undefined) return "-";
  if (Array.isArray(value)) return `[${value.length}:${value.map(canonicalText).join("")}`;
  const json = JSON.stringify(value);
  return `{${json.length}:${json}`;
}
