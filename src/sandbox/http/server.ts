import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import { notFound, SandboxError } from "../support/errors.ts";
import type { Json, JsonObject } from "../support/json.ts";
import type { SandboxStore } from "../store/store.ts";
import type { Faults, Misbehaviour } from "./faults.ts";
import type { Limits } from "./limits.ts";
import type { LoggedRequest, RequestLog } from "./log.ts";
import { misbehaveAfter, misbehaveBefore } from "./misbehave.ts";
import { tokenActor, type Call, type MaxPage, type Pieces, type Reply, type Route } from "./route.ts";
import { assertScopes, type Token, type Tokens } from "./tokens.ts";

const MAX_BODY_BYTES = 64 * 1024 * 1024;
const JSON_TYPE = "application/json; charset=utf-8";

/** What the server works on. */
export interface ServerParts {
  readonly store: SandboxStore;
  readonly tokens: Tokens;
  readonly limits: Limits;
  readonly faults: Faults;
  readonly log: RequestLog;
  readonly maxPage: MaxPage;
  readonly settings: { latencyMs: number };
  /** Awaited before a request is looked at. */
  readonly observers: Set<RequestObserver>;
  /** Awaited after the work is done, before the answer is sent. */
  readonly answerObservers: Set<RequestObserver>;
  /** Answers that need no token. */
  readonly open: readonly OpenRoute[];
}

/** Called with every request before it is answered. */
export type RequestObserver = (request: LoggedRequest) => void | Promise<void>;

/** An endpoint that reads the `Authorization` header by itself. */
export interface OpenRoute {
  readonly method: "GET";
  readonly url: string;
  readonly handle: (authorization: string | undefined, params: Readonly<Record<string, string>>) => Reply;
}

/** Builds the HTTP server; it doesn't listen yet. */
export function buildServer(parts: ServerParts, routes: readonly Route[]): FastifyInstance {
  const app = fastify({
    bodyLimit: MAX_BODY_BYTES,
    forceCloseConnections: true,
    routerOptions: { maxParamLength: 2000 },
  });
  parseBodies(app);
  for (const route of routes) {
    app.route({
      method: route.method,
      url: route.url,
      handler: (request, reply) =>
        answer(parts, request, reply, route.kind, (logged) => guarded(parts, route, request, logged)),
    });
  }
  for (const { method, url, handle } of parts.open) {
    const handler = (request: FastifyRequest, reply: FastifyReply): Promise<void> =>
      answer(parts, request, reply, "read", () =>
        Promise.resolve(handle(request.headers.authorization, request.params as Record<string, string>)),
      );
    app.route({ method, url, handler });
  }
  app.setNotFoundHandler((request, reply) =>
    answer(parts, request, reply, undefined, () => Promise.reject(noRoute(request))),
  );
  app.setErrorHandler((error, _request, reply) => sendError(reply, error));
  return app;
}

/** The one way through which every request goes: log, observers, latency, faults, the work itself, faults again. */
async function answer(
  parts: ServerParts,
  request: FastifyRequest,
  reply: FastifyReply,
  kind: LoggedRequest["kind"],
  work: (logged: LoggedRequest) => Promise<Reply>,
): Promise<void> {
  const logged = startLog(parts, request, kind);
  for (const observe of parts.observers) await observe(logged);
  if (parts.settings.latencyMs > 0) await sleep(parts.settings.latencyMs);
  void reply.header("x-attio-execution-id", randomUUID());
  const fault = parts.faults.take(logged);
  if (fault !== undefined && (await misbehaveBefore(fault, reply))) {
    endLog(logged, reply.sent && fault.kind !== "hang" && fault.kind !== "refuse" ? reply.statusCode : 0);
    return;
  }
  const outcome = await work(logged).catch((error: unknown) => toReply(error));
  logged.status = logged.effect = outcome.status ?? 200;
  for (const observe of parts.answerObservers) await observe(logged);
  await send(reply, outcome, fault, logged);
}

async function guarded(
  parts: ServerParts,
  route: Route,
  request: FastifyRequest,
  logged: LoggedRequest,
): Promise<Reply> {
  if (route.camelCaseErrors !== true) return run(parts, route, request, logged);
  return run(parts, route, request, logged).catch((error: unknown) => {
    const { body, ...reply } = toReply(error);
    if (body === undefined || isText(body)) throw error;
    const { status_code, ...rest } = body;
    return { ...reply, body: { statusCode: status_code ?? null, ...rest } };
  });
}

async function run(
  parts: ServerParts,
  route: Route,
  request: FastifyRequest,
  logged: LoggedRequest,
): Promise<Reply> {
  const token = parts.tokens.authenticate(request.headers.authorization);
  logged.actor = tokenActor(token);
  parts.limits.countRequest(route.kind);
  if (route.perSecond !== undefined) parts.limits.countEndpoint(route.method + route.url, route.perSecond);
  assertScopes(token, route.scopes);
  const outcome = await route.handle(callOf(parts, token, request, logged));
  if (outcome.score === undefined) return outcome;
  parts.limits.countScore(outcome.score);
  return { ...outcome, headers: { "x-attio-record-query-score": String(outcome.score), ...outcome.headers } };
}

async function send(
  reply: FastifyReply,
  outcome: Reply,
  fault: Misbehaviour | undefined,
  logged: LoggedRequest,
): Promise<void> {
  const { status = 200, headers = {}, body } = outcome;
  const pieces = piecesOf(body);
  const sent = fault === undefined ? pieces : await spoil(fault, reply, pieces);
  endLog(logged, sent === undefined ? 0 : status);
  if (sent === undefined) return;
  void reply.code(status).headers(headers);
  if (body !== undefined && !("content-type" in headers)) void reply.type(JSON_TYPE);
  const [only, second] = sent;
  if (only !== undefined && second === undefined) await reply.send(only);
  else sendPieces(reply, sent);
}

async function spoil(fault: Misbehaviour, reply: FastifyReply, pieces: Pieces): Promise<Pieces | undefined> {
  const text = await misbehaveAfter(fault, reply, Buffer.concat(pieces));
  return text === undefined ? undefined : [text];
}

/** Past the framework, which would write each piece by itself. */
function sendPieces(reply: FastifyReply, pieces: Pieces): void {
  void reply.header("content-length", lengthOf(pieces)).hijack();
  const { raw } = reply;
  raw.statusCode = reply.statusCode;
  for (const [name, value] of Object.entries(reply.getHeaders())) {
    if (value !== undefined) raw.setHeader(name, value);
  }
  raw.cork();
  for (const piece of pieces) raw.write(piece);
  raw.end();
  raw.uncork();
}

function lengthOf(pieces: Pieces): number {
  return pieces.reduce((sum, piece) => sum + piece.length, 0);
}

function piecesOf(body: Reply["body"]): Pieces {
  if (body === undefined) return [Buffer.alloc(0)];
  return isText(body) ? [body].flat() : [Buffer.from(JSON.stringify(body))];
}

function isText(body: JsonObject | Buffer | Pieces): body is Buffer | Pieces {
  return Buffer.isBuffer(body) || Array.isArray(body);
}

function callOf(parts: ServerParts, token: Token, request: FastifyRequest, logged: LoggedRequest): Call {
  const bytes = Buffer.isBuffer(request.body) ? request.body : undefined;
  return {
    store: parts.store,
    token,
    params: request.params as Record<string, string>,
    query: logged.query,
    body: bytes === undefined ? (request.body as Json | undefined) : undefined,
    bytes,
    contentType: request.headers["content-type"] ?? "",
    requestNumber: logged.number,
    maxPage: parts.maxPage,
  };
}

function startLog(parts: ServerParts, request: FastifyRequest, kind: LoggedRequest["kind"]): LoggedRequest {
  const url = new URL(request.url, "http://sandbox");
  return parts.log.add({
    method: request.method,
    path: url.pathname,
    query: Object.fromEntries(url.searchParams),
    body: Buffer.isBuffer(request.body) ? undefined : (request.body as Json | undefined),
    isAuthorized: request.headers.authorization !== undefined,
    kind,
    actor: undefined,
    effect: undefined,
    status: 0,
    startedAtMs: Date.now(),
    durationMs: 0,
  });
}

function endLog(logged: LoggedRequest, status: number): void {
  logged.status = status;
  logged.durationMs = Date.now() - logged.startedAtMs;
}

/** JSON is parsed whatever the length, an empty body is none, and anything else stays bytes. */
function parseBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("application/json", { parseAs: "string" }, (_request, text, done) => {
    try {
      done(null, text === "" ? undefined : JSON.parse(text.toString()));
    } catch {
      done(new SandboxError(400, "validation_type", "Body is not valid JSON."), undefined);
    }
  });
  app.addContentTypeParser("*", { parseAs: "buffer" }, (_request, bytes, done) => done(null, bytes));
}

function toReply(error: unknown): Reply {
  if (!(error instanceof SandboxError)) throw error;
  return { status: error.statusCode, headers: error.headers, body: error.toBody() };
}

/** Only a bug of the sandbox, or a body that Fastify refuses, comes here. */
async function sendError(reply: FastifyReply, error: unknown): Promise<void> {
  const status = error instanceof SandboxError ? error.statusCode : statusOf(error);
  const known = error instanceof SandboxError ? error : undefined;
  const message = error instanceof Error ? error.message : String(error);
  const fallback = new SandboxError(status, status < 500 ? "validation_type" : "internal_error", message);
  await reply
    .code(status)
    .type(JSON_TYPE)
    .send(JSON.stringify((known ?? fallback).toBody()));
}

function statusOf(error: unknown): number {
  const status = error instanceof Error && "statusCode" in error ? error.statusCode : undefined;
  return typeof status === "number" ? status : 500;
}

function noRoute(request: FastifyRequest): SandboxError {
  const { pathname } = new URL(request.url, "http://sandbox");
  return notFound(`Could not find endpoint "${request.method} ${pathname}"`);
}
