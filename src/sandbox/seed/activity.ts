import { toMs, toTime } from "../support/time.ts";
import type { Item } from "../store/model.ts";
import { memberActor } from "../store/state.ts";
import { ENDED_MS, maybe, some, someActor, someTime, type SeedContext } from "./context.ts";
import { SENTENCES, TRAPS } from "./words.ts";

/** Notes, tasks, comments, meetings with recordings, and files, in proportion to the people. */
export function seedActivity(context: SeedContext): void {
  const { people, companies, deals } = context;
  const subjects = [...people, ...companies, ...deals];
  if (subjects.length === 0) return;
  const count = Math.max(20, Math.floor(people.length / 4));
  for (let index = 0; index < count; index++) {
    seedMeeting(context, index);
    seedNote(context, subjects, index);
    seedTask(context, subjects, index);
  }
  for (let index = 0; index < count / 2; index++) {
    seedThread(context, context.random.pick(subjects), index);
    seedFile(context, context.random.pick(subjects), index);
  }
  for (const entry of context.store.entries("sales").slice(0, 5)) seedThread(context, entry, 1);
}

function seedNote(context: SeedContext, subjects: readonly Item[], index: number): void {
  const { store, random, members } = context;
  const record = random.pick(subjects);
  const [meetingId] = store.state.meetings.keys();
  const [member] = members;
  const isMarkdown = index % 3 === 0;
  store.createNote(
    {
      record,
      title: TRAPS[index] ?? random.pick(SENTENCES),
      content: isMarkdown
        ? `# Call\n\n- **${random.pick(SENTENCES)}**\n- ==${TRAPS[index] ?? "ok"}==`
        : random.pick(SENTENCES),
      format: isMarkdown ? "markdown" : "plaintext",
      meetingId: index % 10 === 0 ? (meetingId ?? null) : null,
      tags:
        index % 5 === 0 && member !== undefined
          ? [
              { type: "workspace-member", workspaceMemberId: member.id },
              { type: "record", recordId: record.id },
            ]
          : [],
      createdAt: someTime(context, toMs(record.createdAt), ENDED_MS),
    },
    { by: someActor(context) },
  );
}

function seedTask(context: SeedContext, subjects: readonly Item[], index: number): void {
  const { store, random, members } = context;
  const createdAt = someTime(context);
  store.createTask(
    {
      content: TRAPS[index] ?? random.pick(SENTENCES),
      deadlineAt: maybe(context, 0.6, () => someTime(context)) ?? null,
      isCompleted: index % 3 === 0,
      linkedRecords: some(context, subjects, 3),
      assignees: some(context, members, 2).map((member) => member.id),
      createdAt,
    },
    { by: someActor(context), at: createdAt },
  );
}

function seedThread(context: SeedContext, subject: Item, index: number): void {
  const { store, random, members } = context;
  const start = toMs(someTime(context, toMs(subject.createdAt), ENDED_MS - 60_000));
  const author = memberActor(random.pick(members).id);
  const content = TRAPS[index] ?? random.pick(SENTENCES);
  const first = store.createComment({ content, on: subject, createdAt: start }, { by: author });
  for (let reply = 1; reply <= index % 4; reply++) {
    const by = memberActor(random.pick(members).id);
    store.createComment(
      { content: random.pick(SENTENCES), on: first.thread, createdAt: start + reply * 1000 },
      { by },
    );
  }
  if (index % 3 === 0) store.resolveComment(first.comment.id, true, { at: start + 30_000, by: author });
}

function seedMeeting(context: SeedContext, index: number): void {
  const { store, random, people, companies, members } = context;
  const startMs = toMs(someTime(context));
  const isAllDay = index % 8 === 0;
  const day = (ms: number): { date: string } => ({ date: toTime(ms).slice(0, 10) });
  const instant = (ms: number) => ({
    datetime: toTime(ms),
    timezone: index % 2 === 0 ? "Europe/London" : null,
  });
  const meeting = store.createMeeting(
    {
      title: TRAPS[index] ?? "Weekly call",
      description: random.pick(SENTENCES),
      start: isAllDay ? day(startMs) : instant(startMs),
      end: isAllDay ? day(startMs + 86_400_000) : instant(startMs + 1_800_000),
      participants: [
        {
          status: "accepted",
          isOrganizer: true,
          emailAddress: random.pick(members).emailAddress,
          name: null,
        },
        { status: "pending", isOrganizer: false, emailAddress: null, name: "Someone by phone" },
      ],
      linkedRecords: [...some(context, people, 3), ...some(context, companies, 1)],
      createdAt: startMs - 3_600_000,
    },
    { by: someActor(context) },
  );
  if (index % 3 === 0) seedRecording(context, meeting.id, startMs, index);
}

function seedRecording(
  { store, random }: SeedContext,
  meetingId: string,
  startMs: number,
  index: number,
): void {
  const transcript = SENTENCES.slice(0, 3).map((speech, segment) => ({
    speech,
    startTime: segment * 10,
    endTime: segment * 10 + 8.5,
    speaker: random.pick(["Alice Okoro", "Caller"]),
  }));
  const status = index % 9 === 0 ? "failed" : "completed";
  store.createRecording(
    {
      meetingId,
      status,
      transcript: status === "failed" ? null : transcript,
      createdAt: startMs + 1_900_000,
    },
    {},
  );
}

function seedFile(context: SeedContext, record: Item, index: number): void {
  const { store } = context;
  const createdAt = someTime(context, toMs(record.createdAt), ENDED_MS);
  const by = someActor(context);
  const folder = store.createFile({ record, fileType: "folder", name: `Folder ${index}`, createdAt }, { by });
  store.createFile(
    {
      record,
      fileType: "file",
      name: index === 0 ? `o'ffer "final".txt` : `offer-${index}.txt`,
      contentType: "text/plain",
      content: Buffer.from(context.random.pick(SENTENCES)),
      parentFolderId: index % 2 === 0 ? folder.id : null,
      createdAt,
    },
    { by },
  );
  if (index % 4 !== 0) return;
  const link = { storageProvider: "google-drive", externalProviderFileId: `drive-${index}` } as const;
  store.createFile({ record, fileType: "connected-file", ...link, createdAt }, { by });
}
