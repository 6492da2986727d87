import type { Drift, HeldRow, StreamVerification } from "../sync/verify/index.ts";
import { drawTable } from "./table.ts";
import { printable } from "./text-width.ts";

/** Columns that are named of one row; a row that differs everywhere would fill the screen. */
const COLUMNS_SHOWN = 8;

/** How many rows of a stream drifted. Pure. */
export function driftOf({ different, missing, extra }: StreamVerification): number {
  return different + missing + extra;
}

/** A stream's result as one JSON line; what does not apply is left out. Pure. */
export function toVerifyLine(result: StreamVerification, { repair }: { repair: boolean }): string {
  const { stream, rows, different, missing, extra, inFlight, held, setAside, requests, ms } = result;
  const { examples, heldExamples, repaired, heldBack, state, reason } = result;
  const line = {
    stream,
    rows,
    different,
    missing,
    extra,
    inFlight,
    held,
    setAside: sum(Object.values(setAside)),
    examples,
    requests,
    ms,
    ...(heldExamples.length > 0 && { heldExamples }),
    ...(Object.keys(setAside).length > 0 && { setAsideReasons: setAside }),
    ...(repair && { repaired, heldBack }),
    ...(state !== "ok" && { state, reason }),
  };
  return `${JSON.stringify(line)}\n`;
}

/** All results for people: a table, examples of what drifted, and what to do. Pure. */
export function describeVerifications(
  results: readonly StreamVerification[],
  { repair }: { repair: boolean },
): string {
  const head = ["stream", "rows", "different", "missing", "extra", "in flight", "held", "set aside"];
  const rows = results.map((result) => [
    result.stream,
    result.rows,
    result.different,
    result.missing,
    result.extra,
    result.inFlight,
    result.held,
    sum(Object.values(result.setAside)),
    ...(repair ? [result.repaired] : []),
    result.state,
  ]);
  const table = drawTable([...head, ...(repair ? ["repaired"] : []), "state"], rows);
  const lines = [...results.flatMap(describeStream), ...conclude(results, repair)];
  return `${table}\n${lines.map((line) => `${line}\n`).join("")}`;
}

function describeStream(result: StreamVerification): string[] {
  const { stream, held, setAside, examples, heldExamples, heldBack, state, reason } = result;
  const lines: string[] = [];
  if (state !== "ok") lines.push(`${stream} ${state}: ${printable(reason ?? "no reason given")}`);
  if (examples.length > 0) {
    lines.push(`${stream}: ${count(driftOf(result))} drifted${suchAs(driftOf(result), examples)}`);
    lines.push(...examples.map(describeRow));
  }
  if (held > 0) {
    lines.push(
      `${stream}: ${count(held)} held: written here and not in Attio, see "changes list"${suchAs(held, heldExamples)}`,
    );
    lines.push(...heldExamples.map(describeRow));
  }
  const reasons = Object.entries(setAside).map(([code, rows]) => `${count(rows)} ${code}`);
  if (reasons.length > 0) lines.push(`${stream}: set aside: ${reasons.join(", ")}`);
  if (heldBack > 0) {
    lines.push(
      `${stream}: ${count(heldBack)} deletions held back, too many at once; ` +
        `run "backfill ${stream} --allow-deletes" to accept them`,
    );
  }
  return lines;
}

function suchAs(rows: number, examples: readonly unknown[]): string {
  return rows > examples.length ? ", such as" : "";
}

function describeRow({ kind, id, columns }: Drift | HeldRow): string {
  const named = columns.slice(0, COLUMNS_SHOWN).map(printable).join(", ");
  const more = columns.length > COLUMNS_SHOWN ? `, and ${columns.length - COLUMNS_SHOWN} more` : "";
  return `  ${kind.padEnd(9)} ${id}  ${named}${more}`.trimEnd();
}

function conclude(results: readonly StreamVerification[], repair: boolean): string[] {
  const drifted = results.filter((result) => driftOf(result) > 0);
  if (drifted.length === 0) {
    return [
      results.every(({ state }) => state === "ok") ? "No drift." : "No drift in what could be compared.",
    ];
  }
  const rows = sum(drifted.map(driftOf));
  if (!repair) {
    const streams = drifted.map(({ stream }) => stream).join(" ");
    return [`Drift: ${count(rows)} rows. To mend it: attio-mirror verify ${streams} --repair`];
  }
  const repaired = sum(drifted.map((result) => result.repaired));
  return [`Drift: ${count(rows)} rows, all marked to be fetched again, ${count(repaired)} of them repaired.`];
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}

function count(value: number): string {
  return value.toLocaleString("en-US");
}
