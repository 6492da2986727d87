import { expect, it } from "vitest";
import { startMirror } from "../support/mirror.ts";
import { findDifferences } from "../support/oracle.ts";

it.each([
  { removed: 4, from: "within the overlap" },
  { removed: 8, from: "beyond the overlap" },
  { removed: 12, from: "so many that a page back shows only what the page ahead has shown" },
  { removed: 25, from: "all that was read" },
])(
  "offset streams: $removed notes deleted under way, $from, cost no other note its place",
  async ({ removed }) => {
    const mirror = await startMirror({ sandbox: { seed: "empty", maxPage: { notes: 10 } } });
    const { store } = mirror.sandbox;
    const record = store.createRecord("people", { name: "Lovelace, Ada" });
    for (let index = 0; index < 45; index++)
      store.createNote({ record, title: `Note ${index}`, content: "…" });
    await mirror.syncSchema();

    let pages = 0;
    mirror.sandbox.onRequest(({ path }) => {
      if (path !== "/v2/notes" || ++pages !== 5) return;
      for (const note of store.notes().slice(0, removed)) store.deleteNote(note.id);
    });
    expect(await mirror.backfill({ streams: ["notes"] })).toMatchObject([{ state: "ok", written: 45 }]);
    expect(await mirror.backfill({ streams: ["people", "notes"] })).toMatchObject([
      {},
      { deleted: removed, written: 0 },
    ]);
    const options = { sources: [], resources: ["notes"] };
    expect(await findDifferences(mirror.sandbox, mirror.db.sql, options)).toEqual([]);
  },
);
