import { z } from "zod";

export const unsubscribedEmailSchema = z.looseObject({ email_address: z.string(), created_at: z.string() });

/** An address that gets no more sequences. */
export type UnsubscribedEmail = z.infer<typeof unsubscribedEmailSchema>;
