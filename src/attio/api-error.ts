import { isJsonObject } from "../lib/json.ts";
import {
  AttioApiError,
  AttioAuthError,
  AttioConcurrentWriteError,
  AttioConflictError,
  AttioMergeInProgressError,
  AttioNotFoundError,
  AttioRateLimitError,
  AttioServerError,
  AttioValidationError,
  type ApiErrorDetails,
  type RequestPlace,
} from "./errors.ts";

const CONFLICT_CODES = new Set(["uniqueness_conflict", "multiple_match_results", "slug_conflict"]);

/**
 * Builds the typed error for an answer with an error status. `body` is the answer's text, which may be anything:
 * edge failures are HTML. Attio's own errors carry `status_code` (`statusCode` on a few endpoints), `type`, `code`, `message`.
 */
export function buildApiError(
  answer: { status: number; body: string; executionId: string | null; retryAfterMs: number },
  where: RequestPlace,
): AttioApiError {
  const parsed = parseErrorBody(answer.body);
  const details: ApiErrorDetails = {
    status: answer.status,
    code: parsed?.code ?? `http_${answer.status}`,
    type: parsed?.type ?? null,
    message: parsed?.message ?? "",
    executionId: answer.executionId,
    validationPaths: parsed?.validationPaths ?? [],
    retryAfterMs: answer.retryAfterMs,
  };
  return new (classFor(answer.status, parsed?.code))(details, where);
}

type ApiErrorClass = new (details: ApiErrorDetails, where: RequestPlace) => AttioApiError;

/** Decides by code where there is one, else by status. A 403 or 404 that Attio did not write says nothing about a scope or a record. */
function classFor(status: number, code: string | undefined): ApiErrorClass {
  if (code === "concurrent_write_conflict") return AttioConcurrentWriteError;
  if (status === 429) return AttioRateLimitError;
  if (status >= 500) return AttioServerError;
  if (status === 401) return AttioAuthError;
  if (code === undefined) return AttioApiError;
  if (code === "merge_in_progress") return AttioMergeInProgressError;
  if (status === 403) return AttioAuthError;
  if (status === 404 && code === "not_found") return AttioNotFoundError;
  if (status === 409 || CONFLICT_CODES.has(code)) return AttioConflictError;
  return AttioValidationError;
}

interface ErrorBody {
  code: string;
  type: string | null;
  message: string;
  validationPaths: string[];
}

function parseErrorBody(text: string): ErrorBody | undefined {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isJsonObject(body) || typeof body.code !== "string") return undefined;
  return {
    code: body.code,
    type: typeof body.type === "string" ? body.type : null,
    message: typeof body.message === "string" ? body.message : "",
    validationPaths: validationPaths(body.validation_errors),
  };
}

function validationPaths(errors: unknown): string[] {
  if (!Array.isArray(errors)) return [];
  return errors.flatMap((error: unknown) =>
    isJsonObject(error) && Array.isArray(error.path) ? [error.path.map(String).join(".")] : [],
  );
}
