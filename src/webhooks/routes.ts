import { createHash } from "node:crypto";
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Database } from "../db/index.ts";
import { storeDeliveries } from "../db/queries/inbox.ts";
import { readSecrets } from "../db/queries/webhooks.ts";
import type { Log } from "../logger.ts";
import { createInboxConnection } from "./inbox-connection.ts";
import { InboxWriter } from "./inbox-writer.ts";
import { isDelivery } from "./payload.ts";
import { createSecretRing, type SecretRing } from "./secret-ring.ts";
import { createReceiverStats, type ReceiverStats, type Refusal } from "./stats.ts";
import { isSignedWith, readSignatures } from "./verify.ts";

/** What the receiver is given. */
export interface WebhookRoutesOptions {
  /** Only its URL is used: the receiver has connections of its own, so that no other work keeps a delivery waiting. */
  db: Pick<Database, "url">;
  log: Log;
  /** Called after each group of deliveries that was stored. */
  wake: () => void;
  /** Counters to keep; make them with `createReceiverStats()`. */
  stats?: ReceiverStats;
}

/** Attio's deliveries hold one event of some 400 bytes; a batch is announced as possible. */
const BODY_LIMIT = 1024 * 1024;

const PATH = "/webhooks/attio/:generation";

const STATUS: Readonly<Record<Refusal, number>> = {
  signature: 401,
  malformed: 400,
  oversized: 413,
  unstorable: 400,
  unavailable: 503,
};

interface Receiver {
  secrets: SecretRing;
  writer: InboxWriter;
  stats: ReceiverStats;
  log: Log;
}

/**
 * Fastify plugin (`app.register(webhookRoutes, …)`): `POST /webhooks/attio/<generation>` answers 200 once a delivery is committed to the
 * inbox, whether or not any queue is up. Size, signature and shape are checked in this order; what is refused leaves no trace but a
 * counter. 503 while PostgreSQL does not take deliveries: Attio sends them again for three days (docs.attio.com, "Webhooks").
 */
export function webhookRoutes(
  app: FastifyInstance,
  { db, log, wake, stats = createReceiverStats() }: WebhookRoutesOptions,
  done: (error?: Error) => void,
): void {
  const connection = createInboxConnection(db.url);
  const receiver: Receiver = {
    secrets: createSecretRing(() => connection.run((sql) => readSecrets(sql))),
    writer: new InboxWriter({
      store: (deliveries) => connection.run((sql) => storeDeliveries(sql, deliveries)),
      wake,
      stats,
      log,
    }),
    stats,
    log,
  };
  app.addHook("onClose", async () => {
    await receiver.writer.close();
    await connection.close();
  });
  endConnectionsOnClose(app);
  readRawBodies(app);
  app.setErrorHandler<FastifyError>((error, _, reply) => answerError(receiver, error, reply));
  app.post(PATH, {
    bodyLimit: BODY_LIMIT,
    onRequest: (request, reply, next) => refuseUnread(receiver, request, reply, next),
    handler: (request, reply) => receive(receiver, request, reply),
  });
  done();
}

/** A connection that is kept alive after its last answer would hold up the server's end until it times out. */
function endConnectionsOnClose(app: FastifyInstance): void {
  let isClosing = false;
  app.addHook("preClose", (done) => {
    isClosing = true;
    done();
  });
  app.addHook("onSend", (_, reply, payload, done) => {
    if (isClosing) void reply.header("connection", "close");
    done(null, payload);
  });
}

/** The signature covers the bytes as they came, whatever they claim to be. */
function readRawBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", { parseAs: "buffer" }, (_, body, done) => done(null, body));
}

/** Refuses by the headers alone, so that nobody without a secret can make us read a body. */
function refuseUnread(
  receiver: Receiver,
  request: FastifyRequest,
  reply: FastifyReply,
  next: () => void,
): void {
  receiver.stats.received++;
  if (Number(request.headers["content-length"]) > BODY_LIMIT) {
    // What is left of the body is not worth reading.
    void reply.header("connection", "close");
    void refuse(receiver, reply, "oversized");
  } else if (readSignatures(request.headers).length === 0) {
    void refuse(receiver, reply, "signature");
  } else {
    next();
  }
}

async function receive(
  receiver: Receiver,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const generation = generationOf(request.params);
  if (generation === null) return refuse(receiver, reply, "signature");
  const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
  const signatures = readSignatures(request.headers);
  let isOurs: boolean;
  try {
    isOurs = await receiver.secrets.accepts(generation, (secret) => isSignedWith(secret, body, signatures));
  } catch {
    return refuse(receiver, reply, "unavailable");
  }
  if (!isOurs) return refuse(receiver, reply, "signature");
  if (!isDelivery(body)) return refuse(receiver, reply, "malformed");
  const kept = await receiver.writer.add({ generation, key: keyOf(request), body });
  return kept === "kept" ? reply.code(200).send({}) : refuse(receiver, reply, kept);
}

function refuse({ stats, log }: Receiver, reply: FastifyReply, reason: Refusal): FastifyReply {
  stats.refused[reason]++;
  log.debug({ reason }, "a delivery was refused");
  return reply.code(STATUS[reason]).send({ error: reason });
}

/** What Fastify itself finds wrong with a request; anything else is our own fault and worth another try of Attio's. */
function answerError(receiver: Receiver, error: FastifyError, reply: FastifyReply): FastifyReply {
  if (error.statusCode === 413) return refuse(receiver, reply, "oversized");
  if (error.statusCode !== undefined && error.statusCode < 500) return refuse(receiver, reply, "malformed");
  receiver.log.error({ err: error }, "a delivery could not be received");
  return refuse(receiver, reply, "unavailable");
}

/** A whole number that Postgres can hold. */
function generationOf(params: unknown): number | null {
  const { generation } = params as { generation: string };
  return /^[1-9]\d{0,8}$/.test(generation) ? Number(generation) : null;
}

/** Longer keys than an index takes give way to their hash, so that equal ones stay equal. */
const MAX_KEY_LENGTH = 200;

function keyOf({ headers }: FastifyRequest): string | null {
  const key = headers["idempotency-key"];
  if (typeof key !== "string" || key === "") return null;
  return key.length <= MAX_KEY_LENGTH ? key : createHash("sha256").update(key).digest("hex");
}
