import { randomUUID } from "node:crypto";
import { Readable } from "node:stream";
import type { Payload } from "./requests.ts";

/** Bytes to upload: all of them, or a function that opens them, called anew for each attempt. */
export type UploadContent = Uint8Array | (() => AsyncIterable<Uint8Array>);

/** A file in a form. */
export interface UploadFile {
  readonly name: string;
  /** Default `application/octet-stream`. */
  readonly contentType?: string | undefined;
  readonly content: UploadContent;
  /** Bytes of `content`, if it is a function and they are known; else the upload is sent in chunks. */
  readonly size?: number | undefined;
}

/**
 * A `multipart/form-data` body (RFC 7578) with text fields and one file, sent as it is read. Throws TypeError for a content type that
 * would break the form.
 */
export function multipartPayload(
  fields: Readonly<Record<string, string | undefined>>,
  file: UploadFile,
): Payload {
  const { contentType = "application/octet-stream", content } = file;
  if (/[\r\n]/.test(contentType)) throw new TypeError("A content type is one line");
  const boundary = `attio-mirror-${randomUUID()}`;
  const texts = Object.entries(fields).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${boundary}\r\n${disposition(name)}\r\n\r\n${value}\r\n`],
  );
  const fileHead = `--${boundary}\r\n${disposition("file", file.name)}\r\nContent-Type: ${contentType}\r\n\r\n`;
  const head = Buffer.from(texts.join("") + fileHead);
  const tail = Buffer.from(`\r\n--${boundary}--\r\n`);
  const size = content instanceof Uint8Array ? content.length : file.size;
  return {
    contentType: `multipart/form-data; boundary=${boundary}`,
    length: size === undefined ? undefined : head.length + size + tail.length,
    open: () => Readable.from(parts(head, content, tail), { objectMode: false }),
  };
}

async function* parts(head: Buffer, content: UploadContent, tail: Buffer): AsyncGenerator<Uint8Array> {
  yield head;
  if (content instanceof Uint8Array) yield content;
  else yield* content();
  yield tail;
}

/** Quotes and line breaks are escaped as browsers do (HTML standard, "multipart form data"). */
function disposition(name: string, fileName?: string): string {
  const escape = (text: string) =>
    text.replaceAll('"', "%22").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
  const suffix = fileName === undefined ? "" : `; filename="${escape(fileName)}"`;
  return `Content-Disposition: form-data; name="${escape(name)}"${suffix}`;
}
