import { ALL_SCOPES, ATTIO_RATE_LIMIT } from "../../src/sandbox/index.ts";
import { serveSandbox } from "../support/sandbox.ts";
import type { SandboxOrder } from "../support/sandbox.ts";
import type { RecordRequest, SandboxRequest, Traffic } from "./messages.ts";

/** A record's own endpoint, of reads and writes alike. */
const RECORD = /\/records\/([0-9a-f-]{36})$/;

const TOO_MANY = 429;

const sandbox = await serveSandbox(JSON.parse(process.argv[2] ?? "") as SandboxOrder, {
  rateLimit: ATTIO_RATE_LIMIT,
});
// The crawl of comments and files would use up the reads.
sandbox.setScopes(ALL_SCOPES.filter((scope) => !/^(comment|file):/.test(scope)));

function recordRequests(): RecordRequest[] {
  return sandbox.log.requests.flatMap(({ path, kind, status, startedAtMs }): RecordRequest[] => {
    const id = RECORD.exec(path)?.[1];
    const counts = id !== undefined && kind !== undefined && status !== TOO_MANY;
    return counts ? [{ id, kind, atMs: startedAtMs }] : [];
  });
}

function takeTraffic(): Traffic {
  const { log } = sandbox;
  const requests = recordRequests();
  const refused = log.count({ status: TOO_MANY });
  log.clear();
  return { requests, refused };
}

function answer(request: SandboxRequest): object {
  switch (request.do) {
    case "traffic":
      return takeTraffic();
    case "writesOf":
      return recordRequests().flatMap(({ id, kind, atMs }) =>
        id === request.id && kind === "write" ? [atMs] : [],
      );
    case "answerAfter":
      sandbox.settings.latencyMs = request.ms;
      return {};
    case "reset":
      for (const { id } of sandbox.webhooks.list()) sandbox.webhooks.delete(id);
      return {};
  }
}

process.on("message", (request: SandboxRequest) => process.send?.(answer(request)));
