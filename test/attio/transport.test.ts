import { inspect } from "node:util";
import { gzipSync, brotliCompressSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import {
  AttioApiError,
  AttioAuthError,
  AttioConcurrentWriteError,
  AttioConflictError,
  AttioMergeInProgressError,
  AttioNetworkError,
  AttioNotFoundError,
  AttioRateLimitError,
  AttioSchemaError,
  AttioServerError,
  AttioTimeoutError,
  AttioValidationError,
  type AttemptResult,
  type Budget,
  type LogEntry,
} from "../../src/attio/index.ts";
import { pair, rejection, TOKEN } from "./support/clients.ts";
import { apiError, json } from "./support/server.ts";

const OBJECT = {
  id: { workspace_id: "w", object_id: "o" },
  api_slug: "people",
  singular_noun: "Person",
  plural_noun: "People",
  created_at: "2025-03-25T06:44:30.177000000Z",
};

function recordingBudget() {
  const calls: string[] = [];
  const pauses: number[] = [];
  const budget: Budget = {
    acquire: (kind, { priority }) => {
      calls.push(`${kind} ${priority}`);
      return Promise.resolve();
    },
    pauseUntil: (epochMs) => void pauses.push(epochMs),
  };
  return { budget, calls, pauses };
}

describe("requests", () => {
  it("carry the token, ask for compression and percent-encode path parameters", async () => {
    const { client, server } = await pair((_, response) => json(response, 200, { data: OBJECT }));
    await client.objects.get("a/b ?ü");
    expect(server.requests[0]?.url).toBe("/v2/objects/a%2Fb%20%3F%C3%BC");
    expect(server.requests[0]?.headers.authorization).toBe(`Bearer ${TOKEN}`);
    expect(server.requests[0]?.headers["accept-encoding"]).toBe("gzip, br");
  });

  it("refuse parameters that a proxy would resolve to another path", async () => {
    const { client, server } = await pair((_, response) => json(response, 200, {}));
    for (const slug of ["", ".", ".."]) await expect(client.objects.get(slug)).rejects.toThrow(TypeError);
    expect(server.requests).toHaveLength(0);
  });

  it("keep connections alive", async () => {
    const { client, server } = await pair((_, response) => json(response, 200, { data: [] }));
    for (let count = 0; count < 5; count += 1) await client.objects.list();
    // undici lets a socket rest for a turn of the event loop, in which the next request takes a second one.
    expect(server.connections()).toBeLessThanOrEqual(2);
  });

  it.each([
    ["gzip", gzipSync],
    ["br", brotliCompressSync],
  ])("read %s answers, and a broken one is truncated", async (encoding, compress) => {
    const body = compress(Buffer.from(JSON.stringify({ data: [OBJECT] })));
    const { client } = await pair((_, response, attempt) => {
      response.writeHead(200, { "content-encoding": encoding });
      response.end(attempt === 1 ? body.subarray(0, -8) : body);
    });
    expect(await client.objects.list()).toEqual([OBJECT]);
  });

  it("draw the budget, then call onSend, before every attempt", async () => {
    const order: string[] = [];
    const budget: Budget = {
      acquire: (kind) => {
        order.push(`budget ${kind}`);
        return Promise.resolve();
      },
      pauseUntil: () => undefined,
    };
    const { client } = await pair(
      (_, response, attempt) => {
        order.push("request");
        json(response, attempt < 3 ? 500 : 200, { data: [] });
      },
      { budget },
    );
    await client.objects.list({ onSend: () => void order.push("onSend") });
    expect(order).toEqual([1, 2, 3].flatMap(() => ["budget read", "onSend", "request"]));
  });

  it("go without a byte when onSend fails", async () => {
    const { client, server } = await pair((_, response) => json(response, 200, { data: [] }));
    const failure = new Error("no ticket");
    await expect(client.objects.list({ onSend: () => Promise.reject(failure) })).rejects.toBe(failure);
    expect(server.requests).toHaveLength(0);
  });
});

describe("retries", () => {
  it("wait for the date in Retry-After by the server's own clock, and pause the budget until then", async () => {
    const { budget, pauses } = recordingBudget();
    const { client, delays } = await pair(
      (_, response, attempt) => {
        if (attempt > 1) {
          json(response, 200, { data: [] });
          return;
        }
        json(response, 429, apiError(429, "rate_limit_exceeded"), {
          date: "Tue, 23 May 2023 14:42:01 GMT",
          "retry-after": "Tue, 23 May 2023 14:42:04 GMT",
        });
      },
      { budget, now: () => 1_000_000 },
    );
    await client.objects.list();
    expect(pauses).toEqual([1_003_000]);
    expect(delays).toEqual([3125]);
  });

  it.each([["Tue, 23 May 2023 14:41:00 GMT"], ["soon"], ["2023"], [undefined]])(
    "wait shortly for a Retry-After of %s",
    async (retryAfter) => {
      const { budget, pauses } = recordingBudget();
      const { client, delays } = await pair(
        (_, response, attempt) => {
          if (attempt > 1) {
            json(response, 200, { data: [] });
            return;
          }
          json(response, 429, apiError(429, "rate_limit_exceeded"), {
            date: "Tue, 23 May 2023 14:42:01 GMT",
            ...(retryAfter !== undefined && { "retry-after": retryAfter }),
          });
        },
        { budget, now: () => 0 },
      );
      await client.objects.list();
      // "2023" is a number of seconds to HTTP; it is capped.
      expect(delays[0]).toBe(retryAfter === "2023" ? 60_125 : 187.5);
      expect(pauses[0]).toBe(retryAfter === "2023" ? 60_000 : 375);
    },
  );

  it("stop after the attempts they are allowed", async () => {
    const { client, server, delays } = await pair((_, response) => json(response, 503, {}), {
      retry: { attempts: 3 },
    });
    const error = await rejection(client.objects.list());
    expect(error).toBeInstanceOf(AttioServerError);
    expect(error).toMatchObject({ status: 503, code: "http_503", attempt: 3 });
    expect(server.requests).toHaveLength(3);
    expect(delays).toHaveLength(2);
  });

  it("repeat a read whose answer is HTML, cut short or broken off", async () => {
    const { client, server } = await pair((_, response, attempt) => {
      if (attempt === 1) response.writeHead(200).end("<html>try later</html>");
      else if (attempt === 2) response.writeHead(200).end('{"data":[');
      else if (attempt === 3) {
        response.writeHead(200, { "content-length": "100" });
        response.write('{"data"', () => response.destroy());
      } else if (attempt === 4) response.socket?.destroy();
      else json(response, 200, { data: [OBJECT] });
    });
    expect(await client.objects.list()).toEqual([OBJECT]);
    expect(server.requests).toHaveLength(5);
  });

  it("leave a wrong shape alone: it would come again", async () => {
    const { client, server } = await pair((_, response) =>
      json(response, 200, { data: [{ ...OBJECT, created_at: 7 }] }),
    );
    const error = await rejection(client.objects.list());
    expect(error).toBeInstanceOf(AttioSchemaError);
    expect(error).not.toBeInstanceOf(AttioApiError);
    expect(error).toMatchObject({ code: "unexpected_shape", paths: ["data.0.created_at"] });
    expect(server.requests).toHaveLength(1);
  });

  it("refuse a redirect, which the API does not have", async () => {
    const { client, server } = await pair((_, response) =>
      response.writeHead(302, { location: "http://127.0.0.1:1/" }).end(),
    );
    await expect(client.objects.list()).rejects.toMatchObject({ code: "unexpected_status" });
    expect(server.requests).toHaveLength(1);
  });
});

describe("failures without an answer", () => {
  it("say surely not sent when nobody listens", async () => {
    const { client, server } = await pair(() => undefined, { retry: { attempts: 2 } });
    await server.close();
    const error = await rejection(client.objects.list());
    expect(error).toBeInstanceOf(AttioNetworkError);
    expect(error).toMatchObject({ code: "network_error", sent: "no", attempt: 2 });
  });

  it("say maybe sent when the connection is cut", async () => {
    const { client } = await pair((_, response) => response.socket?.destroy(), { retry: { attempts: 1 } });
    await expect(client.objects.list()).rejects.toMatchObject({ code: "network_error", sent: "maybe" });
  });

  it("time out on a silent server, and on a body that stops", async () => {
    const { client } = await pair(
      (_, response, attempt) => {
        if (attempt > 1) response.writeHead(200).write('{"data":[');
      },
      { retry: { attempts: 1 } },
    );
    for (const timeoutMs of [250, 250]) {
      const error = await rejection(client.objects.list({ timeoutMs }));
      expect(error).toBeInstanceOf(AttioTimeoutError);
      expect(error).toMatchObject({ code: "timeout", sent: "maybe", timeoutMs });
    }
  });

  it("retry a timeout", async () => {
    const { client, server } = await pair((_, response, attempt) => {
      if (attempt > 1) json(response, 200, { data: [] });
    });
    expect(await client.objects.list({ timeoutMs: 1_000 })).toEqual([]);
    expect(server.requests).toHaveLength(2);
  });
});

describe("an abort", () => {
  const stop = new Error("stopping");

  it("ends a request on the wire and is not retried", async () => {
    const controller = new AbortController();
    const { client, server } = await pair(() => controller.abort(stop));
    await expect(client.objects.list({ signal: controller.signal })).rejects.toBe(stop);
    expect(server.requests).toHaveLength(1);
  });

  it("ends a wait for the budget", async () => {
    const controller = new AbortController();
    const { client, server } = await pair((_, response) => json(response, 200, { data: [] }), {
      budget: {
        acquire: (_, { signal }) =>
          new Promise((__, reject) => {
            signal?.addEventListener("abort", () => reject(stop));
            controller.abort(stop);
          }),
        pauseUntil: () => undefined,
      },
    });
    await expect(client.objects.list({ signal: controller.signal })).rejects.toBe(stop);
    expect(server.requests).toHaveLength(0);
  });

  it("ends a backoff", async () => {
    const controller = new AbortController();
    const { client } = await pair((_, response) => json(response, 500, {}), {
      sleep: (_, signal) =>
        new Promise((__, reject) => {
          signal?.addEventListener("abort", () => reject(stop));
          controller.abort(stop);
        }),
    });
    await expect(client.objects.list({ signal: controller.signal })).rejects.toBe(stop);
  });

  it("before the start sends nothing", async () => {
    const { client, server } = await pair((_, response) => json(response, 200, { data: [] }));
    await expect(client.objects.list({ signal: AbortSignal.abort(stop) })).rejects.toBe(stop);
    expect(server.requests).toHaveLength(0);
  });

  it("of one signal shared by many calls warns of no leak", async () => {
    const warnings: Error[] = [];
    const onWarning = (warning: Error) => void warnings.push(warning);
    process.on("warning", onWarning);
    const { signal } = new AbortController();
    const { client } = await pair((_, response) => json(response, 200, { data: [] }));
    await Promise.all(Array.from({ length: 20 }, () => client.objects.list({ signal })));
    process.off("warning", onWarning);
    expect(warnings).toEqual([]);
  });
});

describe("errors", () => {
  it.each([
    [400, apiError(400, "validation_type"), AttioValidationError],
    [
      400,
      { ...apiError(400, "value_not_found"), status_code: undefined, statusCode: 400 },
      AttioValidationError,
    ],
    [413, apiError(413, "validation_type"), AttioValidationError],
    [400, apiError(400, "uniqueness_conflict"), AttioConflictError],
    [400, apiError(400, "multiple_match_results"), AttioConflictError],
    [409, apiError(409, "slug_conflict"), AttioConflictError],
    [409, apiError(409, "uniqueness_conflict"), AttioConflictError],
    [409, apiError(409, "concurrent_write_conflict"), AttioConcurrentWriteError],
    [400, apiError(400, "concurrent_write_conflict"), AttioConcurrentWriteError],
    [409, "<html>", AttioApiError],
    [400, apiError(400, "merge_in_progress"), AttioMergeInProgressError],
    [404, apiError(404, "merge_in_progress"), AttioMergeInProgressError],
    [404, apiError(404, "not_found"), AttioNotFoundError],
    [404, apiError(404, "value_not_found"), AttioValidationError],
    [401, apiError(401, "unauthorized"), AttioAuthError],
    [403, apiError(403, "billing_error"), AttioAuthError],
    [401, "<html>", AttioAuthError],
    [403, "<html>a firewall</html>", AttioApiError],
    [404, "<html>no such host</html>", AttioApiError],
    [429, "<html>slow down</html>", AttioRateLimitError],
    [502, "<html>", AttioServerError],
    [500, apiError(500, "internal"), AttioServerError],
  ])("%i with %j has its class", async (status, body, expected) => {
    const { client } = await pair(
      (_, response) =>
        typeof body === "string"
          ? response.writeHead(status).end(body)
          : json(response, status, body, { "x-attio-execution-id": "exec-1" }),
      { retry: { attempts: 1 } },
    );
    const error = await rejection(client.objects.list());
    expect((error as Error).constructor).toBe(expected);
    expect(error).toMatchObject({ status, method: "GET", path: "/v2/objects" });
    if (typeof body !== "string") {
      expect(error).toMatchObject({ executionId: "exec-1", type: "invalid_request_error" });
    }
  });

  it("name the refused parts and keep Attio's words apart", async () => {
    const { client } = await pair((_, response) =>
      json(
        response,
        400,
        apiError(400, "validation_type", {
          validation_errors: [
            { code: "invalid_type", path: ["data", "values", 0], message: "private value" },
          ],
        }),
      ),
    );
    const error = await rejection(client.objects.list());
    expect(error).toMatchObject({ validationPaths: ["data.values.0"], apiMessage: 'about "private value"' });
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain("private value");
    expect(JSON.stringify(error)).not.toContain("private value");
  });

  it("and hooks and logs hold neither the token nor a value", async () => {
    const seen: unknown[] = [];
    const { client, server } = await pair(
      (_, response, attempt) =>
        attempt === 1 ? json(response, 500, apiError(500, "x")) : response.socket?.destroy(),
      {
        retry: { attempts: 3 },
        hooks: {
          onRequest: (info) => void seen.push(info),
          onResponse: (info) => void seen.push(info),
          onRetry: (info) => void seen.push(info),
        },
        log: (entry) => void seen.push(entry),
      },
    );
    seen.push(
      await rejection(client.meetings.page({ participants: ["private@example.org"] })),
      await rejection(client.records.query("people", { filter: { name: "private value" } })),
    );
    expect(server.requests[0]?.url).toContain("private%40example.org");
    expect(seen.length).toBeGreaterThan(10);
    const text = inspect(seen, { depth: 9, showHidden: true });
    expect(text).not.toContain(TOKEN);
    expect(text).not.toContain("private");
  });
});

describe("observation", () => {
  it("tells each attempt with its outcome, route and duration", async () => {
    const results: AttemptResult[] = [];
    const entries: LogEntry[] = [];
    const { client } = await pair(
      (_, response, attempt) =>
        json(response, attempt === 1 ? 500 : 200, { data: [] }, { "x-attio-record-query-score": "12.5" }),
      {
        hooks: { onResponse: (result) => void results.push(result) },
        log: (entry) => void entries.push(entry),
      },
    );
    await client.records.query("people", {}, { priority: "backfill" });
    expect(results).toMatchObject([
      { outcome: "server_error", status: 500, attempt: 1 },
      {
        outcome: "success",
        status: 200,
        attempt: 2,
        method: "POST",
        route: "/v2/objects/{object}/records/query",
        kind: "read",
        priority: "backfill",
        queryScore: 12.5,
      },
    ]);
    expect(results[1]?.bytes).toBe(11);
    expect(entries.map((entry) => entry.event)).toEqual([
      "request",
      "response",
      "retry",
      "request",
      "response",
    ]);
    expect(entries[0]?.path).toBe("/v2/objects/people/records/query");
  });

  it("that fails does not fail the request", async () => {
    const { client } = await pair((_, response) => json(response, 200, { data: [] }), {
      hooks: {
        onResponse: () => {
          throw new Error("metrics are down");
        },
      },
    });
    expect(await client.objects.list()).toEqual([]);
  });

  it("estimates the server's clock from its Date headers", async () => {
    let now = 0;
    const { client } = await pair(
      (_, response) => json(response, 200, { data: [] }, { date: new Date(now + 90_000).toUTCString() }),
      { now: () => now },
    );
    expect(client.serverClockOffsetMs()).toBeNull();
    for (now = 10_000; now < 11_000; now += 100) await client.objects.list();
    expect(Math.abs((client.serverClockOffsetMs() ?? 0) - 90_000)).toBeLessThanOrEqual(100);
  });
});
