import { z } from "zod";
import { BodyError } from "./body-error.ts";
import { ItemStream } from "./item-stream.ts";

/** Takes a body's bytes as they come and gives what they mean. Made anew for each attempt. */
export interface BodySink<T> {
  write(chunk: Buffer): void;
  /** Called after the last byte; throws BodyError for what was not promised. */
  end(): T;
}

/** One page of a listing. */
export interface Page<T> {
  items: T[];
  /** For listings paged by cursor; null at the end, and always null for listings paged by offset. */
  nextCursor: string | null;
}

/** A JSON body checked against `schema`. */
export function jsonBody<T>(schema: z.ZodType<T>): () => BodySink<T> {
  return () => {
    const chunks: Buffer[] = [];
    return {
      write: (chunk) => void chunks.push(chunk),
      end: () => checked(schema, parseJson(Buffer.concat(chunks))),
    };
  };
}

/** The usual envelope, `{"data": …}`. */
export function dataBody<T>(schema: z.ZodType<T>): () => BodySink<T> {
  const read = jsonBody(z.looseObject({ data: schema }));
  return () => {
    const sink = read();
    return { write: (chunk) => sink.write(chunk), end: () => sink.end().data };
  };
}

const paginationSchema = z
  .looseObject({ next_cursor: z.string().nullish() })
  .nullish()
  .transform((pagination) => pagination?.next_cursor ?? null);

/** `{"data": […], "pagination": {"next_cursor": …}}`. */
export function pageBody<T>(item: z.ZodType<T>): () => BodySink<Page<T>> {
  const read = jsonBody(z.looseObject({ data: z.array(item), pagination: paginationSchema }));
  return () => {
    const sink = read();
    return {
      write: (chunk) => sink.write(chunk),
      end: () => {
        const body = sink.end();
        return { items: body.data, nextCursor: body.pagination };
      },
    };
  };
}

/** A listing read item by item while it arrives; `map` may see an item again when the attempt is repeated. */
export function streamedPageBody<T>(map: (item: unknown) => T): () => BodySink<Page<T>> {
  return () => {
    const stream = new ItemStream(map);
    return {
      write: (chunk) => stream.write(chunk),
      end: () => {
        const { items, rest } = stream.end();
        return { items, nextCursor: checked(paginationSchema, rest.pagination) };
      },
    };
  };
}

/** `{"data": item}` read by a hand-written check. */
export function itemBody<T>(map: (item: unknown) => T): () => BodySink<T> {
  const read = dataBody(z.unknown());
  return () => {
    const sink = read();
    return { write: (chunk) => sink.write(chunk), end: () => map(sink.end()) };
  };
}

/** Whatever it says (deletes answer `{}` or nothing), it does not matter. */
export function ignoredBody(): BodySink<undefined> {
  return { write: () => undefined, end: () => undefined };
}

/** The body as text, at most its first 64 KiB: for errors, which may be anybody's HTML. */
export function textBody(): BodySink<string> {
  const chunks: Buffer[] = [];
  let room = 64 * 1024;
  return {
    write: (chunk) => {
      if (room <= 0) return;
      chunks.push(chunk.subarray(0, room));
      room -= chunk.length;
    },
    end: () => Buffer.concat(chunks).toString(),
  };
}

function parseJson(bytes: Buffer): unknown {
  const text = bytes.toString();
  try {
    return JSON.parse(text);
  } catch {
    // The engine's own message quotes the text, which is a customer's.
    const cut = /^\s*([{[]|$)/.test(text);
    throw new BodyError(
      cut ? "truncated" : "not_json",
      cut ? "the JSON is cut short" : "the body is not JSON",
    );
  }
}

function checked<T>(schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const paths = result.error.issues.map((issue) => issue.path.map(String).join("."));
  throw new BodyError(
    "unexpected_shape",
    `unexpected shape at ${paths.slice(0, 5).join(", ") || "the top"}`,
    paths,
  );
}
