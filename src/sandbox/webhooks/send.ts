import { createHmac } from "node:crypto";
import { errors, request, type Dispatcher } from "undici";
import type { Attempt } from "./model.ts";

/** What is sent. */
export interface Message {
  readonly targetUrl: string;
  readonly secret: string;
  readonly key: string;
  readonly body: string;
}

/** Posts a signed delivery once. Redirects aren't followed; any answer but 2xx is a failure. Never throws. */
export async function post(
  dispatcher: Dispatcher,
  { targetUrl, secret, key, body }: Message,
  timeoutMs: number,
): Promise<Attempt> {
  const atMs = Date.now();
  const signature = createHmac("sha256", secret).update(body).digest("hex");
  try {
    const { statusCode, body: answer } = await request(targetUrl, {
      dispatcher,
      method: "POST",
      headers: {
        "content-type": "application/json",
        "attio-signature": signature,
        "x-attio-signature": signature,
        "idempotency-key": key,
      },
      body,
      signal: AbortSignal.timeout(timeoutMs),
    });
    await answer.dump();
    return { atMs, outcome: statusCode };
  } catch (error) {
    const isTimeout = error instanceof DOMException || error instanceof errors.HeadersTimeoutError;
    return { atMs, outcome: isTimeout ? "timeout" : "failed" };
  }
}

/** True for a 2xx. */
export function isSuccess({ outcome }: Attempt): boolean {
  return typeof outcome === "number" && outcome >= 200 && outcome < 300;
}
