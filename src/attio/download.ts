import type { Readable } from "node:stream";
import { request, type Dispatcher } from "undici";
import { abortReason } from "../lib/abort.ts";
import { AttioNetworkError, AttioSchemaError, type RequestPlace } from "./errors.ts";
import type { RequestOptions } from "./requests.ts";

/** A file on its way. */
export interface FileDownload {
  /** To be read to its end, or destroyed: until then it holds a connection. */
  readonly body: Readable;
  readonly contentType: string | null;
  /** Bytes, when the storage tells. */
  readonly size: number | null;
}

/** Fetches a signed address of the storage. The address is a secret itself: it stays out of errors. */
export type Downloader = (url: URL, place: RequestPlace, options: RequestOptions) => Promise<FileDownload>;

const MAX_REDIRECTS = 3;

/**
 * Makes a downloader. It never sends the token, follows a few redirects, and leaves https only when the API itself was not reached by it
 * (a simulated workspace). `timeoutMs` bounds the wait for the head and each silence of the body.
 */
export function createDownloader(
  dispatcher: () => Dispatcher,
  { allowHttp, timeoutMs: defaultTimeoutMs }: { allowHttp: boolean; timeoutMs: number },
): Downloader {
  return async (url, place, { signal, timeoutMs = defaultTimeoutMs }) => {
    let target = url;
    for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects += 1) {
      if (target.protocol !== "https:" && !(allowHttp && target.protocol === "http:")) {
        throw new AttioSchemaError("unexpected_shape", "the download's address is not https", place);
      }
      const answer = await request(target, {
        dispatcher: dispatcher(),
        headersTimeout: timeoutMs,
        bodyTimeout: timeoutMs,
        ...(signal && { signal }),
      }).catch((cause: unknown) => {
        if (signal?.aborted === true) throw abortReason(signal);
        throw new AttioNetworkError("maybe", place, { cause: withoutAddress(cause) });
      });
      if (answer.statusCode === 200) return asDownload(answer);
      await answer.body.dump();
      const { location } = answer.headers;
      if (answer.statusCode < 300 || answer.statusCode >= 400 || typeof location !== "string") {
        throw new AttioSchemaError("unexpected_status", `the storage answers ${answer.statusCode}`, place);
      }
      target = new URL(location, target);
    }
    throw new AttioSchemaError("unexpected_status", "the storage redirects without end", place);
  };
}

function asDownload({ body, headers }: Dispatcher.ResponseData): FileDownload {
  const type = headers["content-type"];
  const length = Number(headers["content-length"] ?? Number.NaN);
  return {
    body,
    contentType: typeof type === "string" ? type : null,
    size: Number.isFinite(length) ? length : null,
  };
}

/** The cause's code says enough; its message may hold the signed address. */
function withoutAddress(cause: unknown): Error {
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
  return Object.assign(new Error("The storage could not be reached"), { code });
}
