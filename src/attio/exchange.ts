import { createBrotliDecompress, createGunzip } from "node:zlib";
import type { Readable, Transform } from "node:stream";
import type { Dispatcher } from "undici";
import { abortReason } from "../lib/abort.ts";
import { BodyError } from "./body-error.ts";
import type { BodySink } from "./body.ts";
import { AttioNetworkError, AttioTimeoutError, type RequestPlace, type Sent } from "./errors.ts";

/** Headers of an answer, names in lower case. */
export type AnswerHeaders = Readonly<Record<string, string | string[] | undefined>>;

export interface ExchangeRequest<T> {
  readonly place: RequestPlace;
  readonly origin: string;
  /** With its query. */
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Readable | null;
  /** From the dispatch to the last byte. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
  /** Called once the status and headers are known: who takes the body. */
  readonly sinkFor: (status: number, headers: AnswerHeaders) => BodySink<T>;
  /** Told of each piece of the body as it comes over the wire. */
  readonly onBytes: (count: number) => void;
}

/** A complete answer. */
export interface Answer<T> {
  readonly status: number;
  readonly value: T;
}

/**
 * Sends one request and reads its answer, decompressing on the way. Works on undici's dispatch directly: it tells whether a request was
 * sent, and hands over each chunk as it arrives. Rejects with AttioNetworkError, AttioTimeoutError, BodyError, the signal's reason, or
 * what the sink threw.
 */
export function exchange<T>(dispatcher: Dispatcher, request: ExchangeRequest<T>): Promise<Answer<T>> {
  return new Promise((resolve, reject) => {
    const run = new Exchange(request, resolve, reject);
    if (!run.begin()) return;
    try {
      dispatcher.dispatch(
        {
          origin: request.origin,
          path: request.target,
          method: request.place.method,
          headers: { ...request.headers },
          body: request.body,
          // The exchange's own timer covers all of it, and is exact where undici's are coarse.
          headersTimeout: 0,
          bodyTimeout: 0,
        },
        run,
      );
    } catch (error) {
      run.fail(error);
    }
  });
}

class Exchange<T> implements Dispatcher.DispatchHandler {
  readonly #request: ExchangeRequest<T>;
  readonly #resolve: (answer: Answer<T>) => void;
  readonly #reject: (error: unknown) => void;
  #timer: NodeJS.Timeout | undefined;
  #controller: Dispatcher.DispatchController | undefined;
  #failure: Error | undefined;
  #settled = false;
  #status = 0;
  #sink: BodySink<T> | undefined;
  #decoder: Transform | undefined;
  readonly #onAbort = () => {
    if (this.#request.signal) this.#stop(abortReason(this.#request.signal));
  };

  constructor(
    request: ExchangeRequest<T>,
    resolve: (answer: Answer<T>) => void,
    reject: (error: unknown) => void,
  ) {
    this.#request = request;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  /** False if the signal is aborted already. */
  begin(): boolean {
    const { signal, timeoutMs, place } = this.#request;
    if (signal?.aborted === true) {
      this.#reject(abortReason(signal));
      return false;
    }
    signal?.addEventListener("abort", this.#onAbort, { once: true });
    this.#timer = setTimeout(
      () => this.#stop(new AttioTimeoutError(this.#sent, timeoutMs, place)),
      timeoutMs,
    );
    return true;
  }

  /** undici is about to write the request to its socket; an error without this call means: surely not sent. */
  onRequestStart(controller: Dispatcher.DispatchController): void {
    if (this.#failure) {
      controller.abort(this.#failure);
      return;
    }
    this.#controller = controller;
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: AnswerHeaders): void {
    if (status < 200 || this.#settled) return;
    this.#guarded(() => {
      this.#status = status;
      this.#sink = this.#request.sinkFor(status, headers);
      this.#decoder = decoderFor(headers["content-encoding"]);
      this.#decoder?.on("data", (chunk: Buffer) => this.#take(chunk));
      this.#decoder?.on("end", () => this.#finish());
      this.#decoder?.on("error", () =>
        this.#stop(new BodyError("truncated", "the compressed body is broken")),
      );
    });
  }

  onResponseData(_: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#request.onBytes(chunk.length);
    if (this.#decoder) this.#decoder.write(chunk);
    else this.#take(chunk);
  }

  onResponseEnd(): void {
    if (this.#decoder) this.#decoder.end();
    else this.#finish();
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    this.fail(error);
  }

  /** No answer, for a reason of the connection. */
  fail(cause: unknown): void {
    this.#stop(new AttioNetworkError(this.#sent, this.#request.place, { cause }));
  }

  get #sent(): Sent {
    return this.#controller === undefined ? "no" : "maybe";
  }

  #take(chunk: Buffer): void {
    if (this.#settled) return;
    this.#guarded(() => this.#sink?.write(chunk));
  }

  #finish(): void {
    if (this.#settled) return;
    const sink = this.#sink;
    if (sink === undefined) {
      this.fail(new Error("the answer had no head"));
      return;
    }
    this.#guarded(() => {
      const value = sink.end();
      this.#settle();
      this.#resolve({ status: this.#status, value });
    });
  }

  #guarded(step: () => void): void {
    try {
      step();
    } catch (error) {
      this.#stop(
        error instanceof Error ? error : new Error("The reader of an answer failed", { cause: error }),
      );
    }
  }

  #stop(error: Error): void {
    if (this.#settled) return;
    this.#settle();
    this.#failure = error;
    this.#decoder?.destroy();
    this.#reject(error);
    this.#controller?.abort(error);
  }

  #settle(): void {
    this.#settled = true;
    clearTimeout(this.#timer);
    this.#request.signal?.removeEventListener("abort", this.#onAbort);
  }
}

const DECODERS: Readonly<Record<string, () => Transform>> = {
  gzip: () => createGunzip(),
  "x-gzip": () => createGunzip(),
  br: () => createBrotliDecompress(),
};

function decoderFor(encoding: string | string[] | undefined): Transform | undefined {
  if (encoding === undefined || encoding === "identity") return undefined;
  const make = typeof encoding === "string" ? DECODERS[encoding.toLowerCase()] : undefined;
  if (make === undefined)
    throw new BodyError("unexpected_shape", "the body has an encoding that was not asked for");
  return make();
}
