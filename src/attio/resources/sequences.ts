import { z } from "zod";
import { dataBody } from "../body.ts";
import { create, type Api, type RequestOptions } from "../requests.ts";
import { unsubscribedEmailSchema, type UnsubscribedEmail } from "../schemas/sequence.ts";

const UNSUBSCRIBED = "/v2/sequences/unsubscribed_emails";

export type SequencesResource = ReturnType<typeof createSequences>;

/** Sequences of emails. */
export function createSequences(api: Api) {
  /** Unsubscribes at most 1000 addresses from all sequences; there is no way back through the API. Repeatable. */
  function unsubscribe(
    emailAddresses: readonly string[],
    options?: RequestOptions,
  ): Promise<UnsubscribedEmail[]> {
    const data = { email_addresses: emailAddresses };
    const read = dataBody(z.array(unsubscribedEmailSchema));
    return api.send({ ...create(UNSUBSCRIBED, { data, read }), idempotent: true }, options);
  }

  return { unsubscribe };
}
