import { setTimeout as sleep } from "node:timers/promises";
import type { FastifyReply } from "fastify";
import { isList, isObject, type Json } from "../support/json.ts";
import type { Misbehaviour } from "./faults.ts";
import { refusal } from "./refusals.ts";

const HTML =
  "<!DOCTYPE html><html><head><title>Bad gateway</title></head><body><h1>Bad gateway</h1></body></html>";

/** Plays what a fault does before the request is carried out. Returns true if it must not be carried out. */
export async function misbehaveBefore(fault: Misbehaviour, reply: FastifyReply): Promise<boolean> {
  switch (fault.kind) {
    case "status":
      await reply
        .code(fault.status)
        .headers(fault.headers ?? {})
        .send(fault.body ?? errorBody(fault.status));
      return true;
    case "refusal": {
      const { status, body } = refusal(fault.code);
      await reply.code(status).send(body);
      return true;
    }
    case "html":
      await reply.code(fault.status).type("text/html; charset=utf-8").send(HTML);
      return true;
    case "hang":
      reply.hijack();
      return true;
    case "refuse":
      reply.hijack();
      reply.raw.destroy();
      return true;
    case "slow":
      await sleep(fault.ms);
      return false;
    case "late-effect":
      reply.hijack();
      reply.raw.destroy();
      // Without holding up the end of a process that is done.
      await sleep(fault.ms, undefined, { ref: false });
      return false;
    default:
      return false;
  }
}

/**
 * Plays what a fault does to the answer of a request that was carried out.
 * Returns the text to answer with, or undefined if the connection is gone.
 */
export async function misbehaveAfter(
  fault: Misbehaviour,
  reply: FastifyReply,
  answer: Buffer,
): Promise<Buffer | undefined> {
  switch (fault.kind) {
    case "truncate":
      return answer.subarray(0, Math.floor(answer.length / 2));
    case "short":
      return shorten(answer, fault.items);
    case "late":
      await sleep(fault.ms);
      return answer;
    case "lost":
      reply.hijack();
      reply.raw.destroy();
      return undefined;
    case "late-effect":
      return undefined;
    case "cut":
      cut(reply, answer);
      return undefined;
    default:
      return answer;
  }
}

/** Promises the whole answer, sends half of it and resets the connection. */
function cut(reply: FastifyReply, answer: Buffer): void {
  reply.hijack();
  const { raw } = reply;
  raw.writeHead(200, { "content-type": "application/json; charset=utf-8", "content-length": answer.length });
  raw.write(answer.subarray(0, Math.floor(answer.length / 2)), () => raw.destroy());
}

function shorten(answer: Buffer, items: number): Buffer {
  const body = JSON.parse(answer.toString()) as Json;
  if (!isObject(body) || !isList(body["data"])) return answer;
  return Buffer.from(JSON.stringify({ ...body, data: body["data"].slice(0, items) }));
}

function errorBody(status: number): Record<string, unknown> {
  const type =
    status === 429 ? "rate_limit_error" : status === 401 || status === 403 ? "auth_error" : undefined;
  return {
    status_code: status,
    type: type ?? "invalid_request_error",
    code: CODES[status] ?? "internal_error",
    message: "This answer was asked for by a fault.",
  };
}

const CODES: Readonly<Record<number, string>> = {
  400: "validation_type",
  401: "unauthorized",
  403: "unauthorized",
  404: "not_found",
  409: "slug_conflict",
  429: "rate_limit_exceeded",
};
