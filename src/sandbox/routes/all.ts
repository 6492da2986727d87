import type { Route } from "../http/route.ts";
import { commentRoutes } from "./comments.ts";
import { fileRoutes } from "./files.ts";
import { itemRoutes } from "./items.ts";
import { meetingRoutes } from "./meetings.ts";
import { memberRoutes } from "./members.ts";
import { noteRoutes } from "./notes.ts";
import { schemaRoutes } from "./schema.ts";
import { taskRoutes } from "./tasks.ts";
import { searchRoutes } from "./search.ts";
import type { Webhooks } from "../webhooks/webhooks.ts";
import { webhookRoutes } from "./webhooks.ts";
import { attributeWriteRoutes } from "./write-attributes.ts";
import { commentWriteRoutes } from "./write-comments.ts";
import { entryWriteRoutes } from "./write-entries.ts";
import { fileWriteRoutes } from "./write-files.ts";
import { historyWriteRoutes } from "./write-history.ts";
import { meetingWriteRoutes } from "./write-meetings.ts";
import { noteWriteRoutes } from "./write-notes.ts";
import { objectWriteRoutes } from "./write-objects.ts";
import { recordWriteRoutes } from "./write-records.ts";
import { taskWriteRoutes } from "./write-tasks.ts";

/** Every endpoint that takes a token. */
export function allRoutes(webhooks: Webhooks): Route[] {
  return [
    ...schemaRoutes(),
    ...itemRoutes(),
    ...memberRoutes(),
    ...noteRoutes(),
    ...taskRoutes(),
    ...commentRoutes(),
    ...meetingRoutes(),
    ...fileRoutes(),
    ...taskWriteRoutes(),
    ...recordWriteRoutes(),
    ...objectWriteRoutes(),
    ...noteWriteRoutes(),
    ...meetingWriteRoutes(),
    ...historyWriteRoutes(),
    ...fileWriteRoutes(),
    ...entryWriteRoutes(),
    ...commentWriteRoutes(),
    ...attributeWriteRoutes(),
    ...searchRoutes(),
    ...webhookRoutes(webhooks),
  ];
}
