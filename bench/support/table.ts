import { cpus, loadavg, totalmem } from "node:os";

/** The machine and the services, in a line. */
export function describeMachine(postgresVersion: string): string {
  const memory = (totalmem() / 2 ** 30).toFixed(0);
  return [
    `${cpus().length} cores`,
    `${memory} GiB`,
    `Node ${process.versions.node}`,
    `PostgreSQL ${postgresVersion}`,
    `load average ${loadavg()[0]?.toFixed(1) ?? "?"}`,
  ].join(", ");
}

/** A whole number as one reads it. */
export function whole(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}

/** A table in Markdown; the first row is its head. */
export function table([header = [], ...rows]: readonly (readonly string[])[]): string {
  const widths = header.map((_, column) =>
    Math.max(3, ...[header, ...rows].map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |\n`;
  const rule = `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |\n`;
  return line(header) + rule + rows.map(line).join("");
}
