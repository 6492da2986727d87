import type { JsonObject } from "./json.ts";

/** `type` of an Attio error body. */
export type ErrorType = "invalid_request_error" | "auth_error" | "rate_limit_error";

/** A refusal in Attio's own terms: the HTTP layer writes it as the answer, in-process callers catch it. */
export class SandboxError extends Error {
  override readonly name = "SandboxError";
  readonly statusCode: number;
  readonly type: ErrorType;
  readonly code: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Extra fields of the body, such as `validation_errors`. */
  readonly extra: JsonObject;

  constructor(statusCode: number, code: string, message: string, options: SandboxErrorOptions = {}) {
    super(message);
    this.statusCode = statusCode;
    this.code = code;
    this.type = options.type ?? "invalid_request_error";
    this.headers = options.headers ?? {};
    this.extra = options.extra ?? {};
  }

  /** The answer's body, as the docs' error examples show it. */
  toBody(): JsonObject {
    const { statusCode, type, code, message, extra } = this;
    return { status_code: statusCode, type, code, message, ...extra };
  }
}

/** Rarely given parts of a {@link SandboxError}. */
export interface SandboxErrorOptions {
  type?: ErrorType;
  headers?: Readonly<Record<string, string>>;
  extra?: JsonObject;
}

/** 404 `not_found`. */
export function notFound(message: string): SandboxError {
  return new SandboxError(404, "not_found", message);
}

/** 400 with the given code. */
export function badRequest(code: string, message: string): SandboxError {
  return new SandboxError(400, code, message);
}

/** 409 with the given code. */
export function conflict(code: string, message: string): SandboxError {
  return new SandboxError(409, code, message);
}

/** 400 `validation_type` for a body or query of the wrong shape; one `validation_errors` element names the place. */
export function invalidPayload(
  path: readonly (string | number)[],
  message = "Required",
  where: "Body" | "Query" = "Body",
): SandboxError {
  return new SandboxError(400, "validation_type", `${where} payload validation error.`, {
    extra: { validation_errors: [{ code: "invalid_type", path: [...path], message }] },
  });
}

/** 400 `validation_type` for an attribute value of the wrong shape; the path is relative to the value. */
export function invalidValue(slug: string, message: string, path: readonly string[] = []): SandboxError {
  return new SandboxError(
    400,
    "validation_type",
    `An invalid value was passed to attribute with slug "${slug}".`,
    {
      extra: { validation_errors: [{ code: path.length > 0 ? "invalid_type" : "invalid", path, message }] },
    },
  );
}
