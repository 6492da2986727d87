import { addMissing, addPart, countRequests, loadParts, saveCheckpoint } from "../../db/queries/runs.ts";
import { setAside } from "../../db/queries/set-aside.ts";
import { applyRows } from "../apply/apply-rows.ts";
import type { Span } from "../fetch/read-span.ts";
import type { RecordSource } from "../fetch/record-source.ts";
import { splitRows } from "../fetch/split-rows.ts";
import type { Window, WindowCursor } from "../fetch/window.ts";
import { findAbsentInSpan } from "../walk/absent.ts";
import { walkWindows } from "../walk/windows.ts";
import type { RunContext } from "./run-context.ts";

/** Walks a stream of records or entries: each span is applied, and its checkpoint written, in one transaction. */
export async function backfillWindows(context: RunContext, source: RecordSource): Promise<void> {
  const { deps, run, signal } = context;
  await walkWindows(
    source,
    {
      resume: () => loadParts<WindowCursor>(deps.db.sql, run.id),
      open: (part, cursor) => addPart(deps.db.sql, run.id, part, cursor),
      take: (span, window) => applySpan(context, span, window),
      countRequests: (requests) => countRequests(deps.db.sql, run.id, requests),
    },
    signal,
  );
}

async function applySpan(context: RunContext, span: Span, window: Window): Promise<void> {
  const { deps, run, holder } = context;
  const { rows, unreadable, droppedCharacters } = splitRows(span.items.map((item) => item.row));
  const from = window.cursor.at;
  await applyRows(deps.db.sql, span.target, { rows, begin: span.begin }, async (tx, counts) => {
    await setAside(tx, span.target.stream, unreadable);
    const missing = await findAbsentInSpan(tx, span.target, {
      from,
      to: span.to,
      begin: span.begin,
      shown: span.items.map((item) => item.id),
    });
    await addMissing(tx, run.id, span.target.stream, missing);
    await saveCheckpoint(tx, run, holder, {
      part: window.part,
      cursor: { at: span.to ?? from, hi: window.cursor.hi, seen: span.seen },
      done: span.done,
      rows: span.items.length,
      written: counts.written,
      unchanged: counts.unchanged,
      requests: span.requests,
      droppedCharacters,
    });
  });
  context.onRows(span.items.length);
}
