import { z } from "zod";
import { actorSchema, nullable } from "./common.ts";

/** `datetime` with a zone, or `date` for whole days. */
const momentSchema = z.looseObject({
  datetime: nullable(z.string()),
  timezone: nullable(z.string()),
  date: nullable(z.string()),
});

export const meetingSchema = z.looseObject({
  id: z.looseObject({ workspace_id: z.string(), meeting_id: z.string() }),
  title: nullable(z.string()),
  description: nullable(z.string()),
  is_all_day: z.boolean().default(false),
  start: nullable(momentSchema),
  /** Exclusive. */
  end: nullable(momentSchema),
  participants: z
    .array(
      z.looseObject({
        status: nullable(z.string()),
        is_organizer: z.boolean().default(false),
        email_address: nullable(z.string()),
        name: nullable(z.string()),
      }),
    )
    .nullish()
    .transform((participants) => participants ?? []),
  linked_records: z
    .array(z.looseObject({ object_slug: nullable(z.string()), object_id: z.string(), record_id: z.string() }))
    .nullish()
    .transform((records) => records ?? []),
  created_at: z.string(),
  created_by_actor: nullable(actorSchema),
});

/** A meeting. */
export type Meeting = z.infer<typeof meetingSchema>;

const transcriptSchema = z.looseObject({
  segments: z
    .array(z.unknown())
    .nullish()
    .transform((segments) => segments ?? []),
  raw_transcript: nullable(z.string()),
});

export const callRecordingSchema = z.looseObject({
  id: z.looseObject({ workspace_id: z.string(), meeting_id: z.string(), call_recording_id: z.string() }),
  /** `processing`, `completed` or `failed`. */
  status: z.string(),
  web_url: nullable(z.string()),
  created_by_actor: nullable(actorSchema),
  created_at: z.string(),
  /** Only when one recording is read; null in listings. */
  transcript: nullable(transcriptSchema),
});

/** A recording of a call in a meeting. */
export type CallRecording = z.infer<typeof callRecordingSchema>;

export const transcriptPageSchema = z
  .looseObject({
    data: z.looseObject({ transcript: z.array(z.unknown()) }),
    pagination: z.looseObject({ next_cursor: nullable(z.string()) }).nullish(),
  })
  .transform(({ data, pagination }) => ({
    items: data.transcript,
    nextCursor: pagination?.next_cursor ?? null,
  }));
