import { afterEach } from "vitest";
import { startSandbox, type Sandbox, type SandboxOptions } from "../../src/sandbox/index.ts";

/** An answer, read whole. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

/** A way to talk to one sandbox with its first token. */
export type Request = (
  method: string,
  path: string,
  body?: unknown,
  headers?: Record<string, string>,
) => Promise<Answer>;

const running: Sandbox[] = [];

afterEach(async () => {
  await Promise.all(running.splice(0).map((sandbox) => sandbox.close()));
});

/** Starts a sandbox that ends with the test. */
export async function start(
  options: SandboxOptions = { seed: "empty" },
): Promise<{ sandbox: Sandbox; request: Request }> {
  const sandbox = await startSandbox(options);
  running.push(sandbox);
  return { sandbox, request: requester(sandbox) };
}

/** Sends JSON, reads JSON. */
export function requester(sandbox: Sandbox, token = sandbox.token): Request {
  return async (method, path, body, headers = {}) => {
    const response = await fetch(sandbox.url + path, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body !== undefined && { "content-type": "application/json" }),
        ...headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: parse(text) };
  };
}

/** What stands at a dotted path of an answer's body; `*` means every element: `data.*.api_slug`. */
export function look({ body }: Answer, path: string): unknown {
  return walk(body, path === "" ? [] : path.split("."));
}

/** As {@link look}, for a list. */
export function looks(answer: Answer, path: string): unknown[] {
  const found = look(answer, path);
  return Array.isArray(found) ? (found as unknown[]) : [];
}

function walk(value: unknown, [key, ...rest]: readonly string[]): unknown {
  if (key === undefined) return value;
  if (key === "*") return Array.isArray(value) ? value.map((one: unknown) => walk(one, rest)) : [];
  if (typeof value !== "object" || value === null) return undefined;
  return walk((value as Record<string, unknown>)[key], rest);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
