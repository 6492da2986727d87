import { data, param, type Call, type Reply, type Route } from "../http/route.ts";
import { uuid, windowOf } from "../http/params.ts";
import type { Note } from "../store/resources.ts";
import { wireNote } from "../wire/resources.ts";
import { RECORD_READ } from "./items.ts";

const scopes = ["note:read", ...RECORD_READ];

/** Reading notes. */
export function noteRoutes(): Route[] {
  return [
    { method: "GET", url: "/v2/notes", scopes, kind: "read", perSecond: 10, handle: list },
    {
      method: "GET",
      url: "/v2/notes/:note",
      scopes,
      kind: "read",
      handle: (call) => data(wireNote(call.store.state, noteOf(call))),
    },
  ];
}

/** The note named in the path. Throws 404. */
export function noteOf(call: Call): Note {
  return call.store.findNote(uuid(param(call, "note"), "note_id"));
}

/** The order is not documented; here it is that of insertion. */
function list(call: Call): Reply {
  const { limit, offset } = windowOf(call, "notes", 10, 50);
  const { parent_object: object, parent_record_id: recordId } = call.query;
  const objectId = object === undefined ? undefined : call.store.object(object).id;
  const notes = call.store.notes().filter(({ record }) => {
    if (objectId !== undefined && record.container.id !== objectId) return false;
    return recordId === undefined || record.id === recordId;
  });
  return data(notes.slice(offset, offset + limit).map((note) => wireNote(call.store.state, note)));
}
