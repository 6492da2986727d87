import { pageBody, type Page } from "../body.ts";
import { collect, walkCursors } from "../pagination.ts";
import { get, type Api, type RequestOptions } from "../requests.ts";
import { emailSchema, type Email } from "../schemas/email.ts";
import type { CursorWindow } from "../window.ts";

/** Which emails; at least records, participants or a domain must be named (docs: "List emails"). */
export interface EmailFilter {
  /** Slug or id; goes with `linkedRecordIds`. */
  readonly linkedObject?: string | undefined;
  readonly linkedRecordIds?: readonly string[] | undefined;
  readonly participants?: readonly string[] | undefined;
  readonly domain?: string | undefined;
  readonly sentAfter?: string | undefined;
  readonly sentBefore?: string | undefined;
}

const EMAILS = "/v2/emails";

export type EmailsResource = ReturnType<typeof createEmails>;

/** Emails' outsides, newest first; access on request. */
export function createEmails(api: Api) {
  /** One page; it may be empty although there are more. */
  function page(
    { limit, cursor, ...filter }: EmailFilter & CursorWindow,
    options?: RequestOptions,
  ): Promise<Page<Email>> {
    const query = {
      limit,
      cursor,
      linked_object: filter.linkedObject,
      linked_record_ids: filter.linkedRecordIds?.join(","),
      participants: filter.participants?.join(","),
      domain: filter.domain,
      sent_after: filter.sentAfter,
      sent_before: filter.sentBefore,
    };
    return api.send(get(EMAILS, { query, read: pageBody(emailSchema) }), options);
  }

  /** All that match, fetched as they are consumed. */
  function stream(filter: EmailFilter, options?: RequestOptions): AsyncGenerator<Email, void, undefined> {
    return walkCursors(EMAILS, (cursor) => page({ ...filter, cursor }, options));
  }

  /** All that match at once. */
  function list(filter: EmailFilter, options?: RequestOptions): Promise<Email[]> {
    return collect(stream(filter, options));
  }

  return { page, stream, list };
}
