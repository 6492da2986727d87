import { z } from "zod";
import { nullable } from "./common.ts";

export const emailSchema = z.looseObject({
  id: z.looseObject({ workspace_id: z.string(), mailbox_id: z.string(), email_id: z.string() }),
  sent_at: z.string(),
  /** `inbound` or `outbound`. */
  direction: nullable(z.string()),
  subject_line: nullable(z.string()),
  participants: z.array(
    z.looseObject({
      role: nullable(z.string()),
      email_address: nullable(z.string()),
      email_domain: nullable(z.string()),
      name: nullable(z.string()),
    }),
  ),
  linked_records: z.array(z.unknown()),
});

/** An email's outside; Attio does not give its body. */
export type Email = z.infer<typeof emailSchema>;
