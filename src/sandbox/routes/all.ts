import type { Route } from "../http/route.ts";
import { commentRoutes } from "./comments.ts";
import { fileRoutes } from "./files.ts";
import { itemRoutes } from "./items.ts";
import { meetingRoutes } from "./meetings.ts";
import { memberRoutes } from "./members.ts";
import { noteRoutes } from "./notes.ts";
import { schemaRoutes } from "./schema.ts";
import { taskRoutes } from "./tasks.ts";

/** Every endpoint that takes a token. */
export function allRoutes(): Route[] {
  return [
    ...schemaRoutes(),
    ...itemRoutes(),
    ...memberRoutes(),
    ...noteRoutes(),
    ...taskRoutes(),
    ...commentRoutes(),
    ...meetingRoutes(),
    ...fileRoutes(),
  ];
}
