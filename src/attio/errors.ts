import { MirrorError } from "../errors.ts";

/** Root of everything this client throws of its own accord (an abort throws the signal's reason instead). */
export abstract class AttioError extends MirrorError {
  /** HTTP method of the failed request. */
  readonly method: string;
  /** Path of the failed request, without its query. */
  readonly path: string;
  /** Which attempt failed, from 1; above 1 an earlier attempt may have taken effect although its answer was lost. */
  readonly attempt: number;

  constructor(code: string, message: string, where: RequestPlace, options?: ErrorOptions) {
    super(code, message, options);
    this.method = where.method;
    this.path = where.path;
    this.attempt = where.attempt;
  }
}

/** Where an error happened. */
export interface RequestPlace {
  readonly method: string;
  readonly path: string;
  readonly attempt: number;
}

/** What Attio said when it refused a request. */
export interface ApiErrorDetails {
  readonly status: number;
  /** Attio's `code`, or `http_<status>` when the answer did not come from Attio itself. */
  readonly code: string;
  readonly type: string | null;
  /** Attio's own sentence; it may quote a value. */
  readonly message: string;
  readonly executionId: string | null;
  /** Paths of the `validation_errors`, dotted. */
  readonly validationPaths: readonly string[];
  /** What `Retry-After` asks for, in milliseconds; 0 if nothing. */
  readonly retryAfterMs: number;
}

/** An answer with an error status. `message` is free of customers' values; `apiMessage` holds Attio's own words. */
export class AttioApiError extends AttioError {
  readonly status: number;
  readonly type: string | null;
  /** Attio's `x-attio-execution-id`, for its support. */
  readonly executionId: string | null;
  /** What `Retry-After` asked for, in milliseconds; 0 if nothing. */
  readonly retryAfterMs: number;
  // Private, so that no logger that walks an error's properties prints a value that Attio quotes.
  readonly #apiMessage: string;

  constructor(details: ApiErrorDetails, where: RequestPlace) {
    super(details.code, describe(details, where), where);
    this.status = details.status;
    this.type = details.type;
    this.executionId = details.executionId;
    this.retryAfterMs = details.retryAfterMs;
    this.#apiMessage = details.message;
  }

  /** What Attio wrote. It may quote a customer's value: show it to the workspace's own people, never log it. */
  get apiMessage(): string {
    return this.#apiMessage;
  }
}

/** 429, and every attempt of the request got one. */
export class AttioRateLimitError extends AttioApiError {}

/** 401, or Attio's own 403: the token is unknown, lacks a scope, or the plan lacks the feature. */
export class AttioAuthError extends AttioApiError {}

/** Attio's own 404 `not_found`: the thing itself, or the object, list or attribute that holds it. */
export class AttioNotFoundError extends AttioApiError {}

/** `merge_in_progress` (400 or 404): the record exists but can't be used until Attio has merged it. Try again later. */
export class AttioMergeInProgressError extends AttioApiError {}

/** A clash with what is there: any other 409, and 400 `uniqueness_conflict` or `multiple_match_results`. */
export class AttioConflictError extends AttioApiError {}

/**
 * `concurrent_write_conflict` (409): another request changed the record while this one was being validated. Nothing was
 * applied; read the record again before the write is repeated.
 */
export class AttioConcurrentWriteError extends AttioApiError {}

/** Any other 4xx that Attio explains; sending the same again fails again. */
export class AttioValidationError extends AttioApiError {
  /** Which parts of the request were refused, e.g. `data.values.name`; empty when Attio does not say. */
  readonly validationPaths: readonly string[];

  constructor(details: ApiErrorDetails, where: RequestPlace) {
    super(details, where);
    this.validationPaths = details.validationPaths;
  }
}

/** 5xx. */
export class AttioServerError extends AttioApiError {}

/** Whether Attio can have received the request: "no" is certain. */
export type Sent = "no" | "maybe";

/** No answer: the connection could not be made, or was cut. */
export class AttioNetworkError extends AttioError {
  declare readonly code: "network_error";
  readonly sent: Sent;

  constructor(sent: Sent, where: RequestPlace, options?: ErrorOptions) {
    super(
      "network_error",
      `No answer to ${where.method} ${where.path}: ${causeCode(options?.cause)}`,
      where,
      options,
    );
    this.sent = sent;
  }
}

/** No complete answer in time. */
export class AttioTimeoutError extends AttioError {
  declare readonly code: "timeout";
  readonly sent: Sent;
  readonly timeoutMs: number;

  constructor(sent: Sent, timeoutMs: number, where: RequestPlace, options?: ErrorOptions) {
    super(
      "timeout",
      `No complete answer to ${where.method} ${where.path} within ${timeoutMs} ms`,
      where,
      options,
    );
    this.sent = sent;
    this.timeoutMs = timeoutMs;
  }
}

/** How an answer breaks what the API promises. */
export type SchemaFault =
  /** The body ended before its JSON did. */
  | "truncated"
  /** Not JSON at all, e.g. a proxy's HTML page. */
  | "not_json"
  /** JSON, but not of the promised shape. */
  | "unexpected_shape"
  /** A status that the endpoint does not have, e.g. a redirect. */
  | "unexpected_status";

/** An answer that is not what the API promises. Not a refusal, hence outside the `AttioApiError` family. */
export class AttioSchemaError extends AttioError {
  declare readonly code: SchemaFault;
  readonly executionId: string | null;
  /** Where in the body, e.g. `data.0.id.note_id`; never the value found there. */
  readonly paths: readonly string[];

  constructor(
    fault: SchemaFault,
    detail: string,
    where: RequestPlace,
    { executionId = null, paths = [] }: { executionId?: string | null; paths?: readonly string[] } = {},
  ) {
    super(fault, `Unexpected answer to ${where.method} ${where.path}: ${detail}`, where);
    this.executionId = executionId;
    this.paths = paths;
  }
}

function describe(details: ApiErrorDetails, where: RequestPlace): string {
  const paths = details.validationPaths.length > 0 ? ` at ${details.validationPaths.join(", ")}` : "";
  return `Attio refused ${where.method} ${where.path}: ${details.status} ${details.code}${paths}`;
}

function causeCode(cause: unknown): string {
  if (!(cause instanceof Error)) return "the connection failed";
  return "code" in cause && typeof cause.code === "string" ? cause.code : cause.name;
}
