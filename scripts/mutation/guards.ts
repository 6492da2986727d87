/** A line that keeps the mirror true, how it may be broken, and where that has to be noticed. */
export interface Guard {
  name: string;
  file: string;
  /** Its source, which stands in the file exactly once. */
  source: string;
  /** What compiles as well, and does not guard. */
  mutant: string;
  /** The test file that has to fail. */
  test: string;
  /** Part of the test's name: without it, the whole file is run. */
  named?: string;
}

const APPLY = "src/sync/apply/apply-rows.ts";
const DECIDE = "src/sync/apply/decide.ts";
const HOLDS = "test/push/holds.test.ts";
const RULES_ORDER = "test/sync/rules-order.test.ts";

/** In each of them the obvious code loses data: `src/sync/SPEC.md` and docs/failure-modes.md say how. */
export const GUARDS: readonly Guard[] = [
  {
    name: "ticket comparison",
    file: DECIDE,
    source: `return begin > held.fetchSeq ? "write" : "refetch";`,
    mutant: `return "write";`,
    test: "test/sync/decide.test.ts",
  },
  {
    name: "ticket comparison, of equal tickets",
    file: DECIDE,
    source: `return begin > held.fetchSeq ? "write" : "refetch";`,
    mutant: `return begin >= held.fetchSeq ? "write" : "refetch";`,
    test: "test/sync/decide.test.ts",
  },
  {
    name: "ticket comparison, as the row is written",
    file: "src/db/mirror/upsert.ts",
    source: "WHERE kept._fetch_seq < $3::bigint",
    mutant: "WHERE $3::bigint IS NOT NULL",
    test: RULES_ORDER,
    named: "two pages that insert one record",
  },
  {
    name: "ticket raised by a look",
    file: APPLY,
    source: `if (mode === "look") await raiseTickets(tx, target, equal, begin);`,
    mutant: "void raiseTickets;",
    test: RULES_ORDER,
    named: "A, B, A",
  },
  {
    name: "tombstone ticket",
    file: DECIDE,
    source: `return begin > held.fetchSeq ? "write" : "ignore";`,
    mutant: `return "write";`,
    test: RULES_ORDER,
    named: "deleted row resurrected",
  },
  {
    name: "tombstone ticket, of a push's answer",
    file: "src/sync/push/settle.ts",
    source: "return tombstones.length > 0;",
    mutant: "return tombstones.length < 0;",
    test: HOLDS,
    named: "not by a push",
  },
  {
    name: "hash cleared when a held change is given up",
    file: "src/sync/push/resolve-changes.ts",
    source: "SET _hash = NULL WHERE",
    mutant: "SET _hash = _hash WHERE",
    test: "test/push/push.test.ts",
    named: "a change that was given up",
  },
  {
    name: "lock before mask: hashes and tickets",
    file: APPLY,
    source: `const stored = await readHashes(tx, target, ids);
  const tombstones`,
    mutant: `const stored = seen;
  const tombstones`,
    test: RULES_ORDER,
    named: "mask read too early",
  },
  {
    name: "lock before mask: what is held",
    file: APPLY,
    source: `const held = await lockAndRead(tx, target, idsOf(looked), stored);
  // Read after the locks: a user who held one may have changed the row meanwhile.
  const holds = await readHolds(tx, target.stream, idsOf(looked));`,
    mutant: `const holds = await readHolds(tx, target.stream, idsOf(looked));
  const held = await lockAndRead(tx, target, idsOf(looked), stored);`,
    test: HOLDS,
    named: "mask read too early",
  },
  {
    name: "missing key left alone",
    file: "src/sync/mapping/read-record.ts",
    source: "if (isPresent) placeValues(values, attribute, draft);",
    mutant: "placeValues(values ?? [], attribute, draft);",
    test: "test/sync/mapping.property.test.ts",
    named: "leaves an absent attribute out",
  },
  {
    name: "delete confirmation",
    file: "src/sync/backfill/confirm.ts",
    source: "await applyFound(context, await source.fetchOne(id, bulkOptions(context.signal)), result);",
    mutant: "gone.push(id);",
    test: "test/sync/guards-deletions.test.ts",
    named: "a missing record whose look-up answers 500",
  },
  {
    name: "delete confirmation, of a record being merged",
    file: "src/sync/backfill/confirm.ts",
    source: "if (error instanceof AttioMergeInProgressError) continue;",
    mutant: "if (error instanceof AttioMergeInProgressError) gone.push(id);",
    test: "test/sync/guards-deletions.test.ts",
    named: "merge_in_progress",
  },
  {
    name: "blast radius in",
    file: "src/sync/deletion-cap.ts",
    source: "return total > ALWAYS_ALLOWED && total * ALLOWED_PART > held + recent;",
    mutant: "return total < 0 && held < 0;",
    test: "test/sync/guards-deletions.test.ts",
    named: "more than a hundred and a fifth",
  },
  {
    name: "blast radius in, of the last hour",
    file: "src/sync/deletion-cap.ts",
    source: "const total = missing + recent;",
    mutant: "const total = missing;",
    test: "test/sync/guards-deletions.test.ts",
    named: "many small deletions",
  },
  {
    name: "blast radius out",
    file: "src/sync/push/push.ts",
    source: "if (bulk.count * 5 <= before) {",
    mutant: "if (bulk.count * 5 <= before || before >= 0) {",
    test: "test/push/push.test.ts",
    named: "so many deletes at once",
  },
  {
    name: "outbox hold of values",
    file: APPLY,
    source: "toWrite.push(hold === undefined ? row : withHeld(row, hold));",
    mutant: "toWrite.push(hold === undefined ? row : { ...withHeld(row, hold), ...row });",
    test: HOLDS,
    named: "mask read too early",
  },
  {
    name: "outbox hold of deletes",
    file: APPLY,
    source: `const decision =
      hold?.deleted === true ? "ignore" : decide(`,
    mutant: "const decision = decide(",
    test: HOLDS,
    named: "by no page and no webhook",
  },
  {
    name: "idempotency key",
    file: "src/db/queries/inbox.ts",
    source: "SELECT generation, key, decode(body, 'base64')",
    mutant: "SELECT generation, nullif(key, key), decode(body, 'base64')",
    test: "test/webhooks/receiver.test.ts",
    named: "seen before is answered 200",
  },
  {
    name: "signature compare",
    file: "src/webhooks/verify.ts",
    source: "timingSafeEqual(signature, expected)",
    mutant: "timingSafeEqual(signature, signature) && expected.length > 0",
    test: "test/webhooks/receiver.test.ts",
    named: "what is refused leaves nothing behind",
  },
  {
    name: "look-up before an assert",
    file: "src/sync/push/find-made.ts",
    source: "return only(await findByKey(deps, source, wanted.key, wanted));",
    mutant: "return only((await findByKey(deps, source, wanted.key, wanted)).slice(0, 0));",
    test: HOLDS,
    named: "INSERT of what exists",
  },
  {
    name: "look-up after a lost answer",
    file: "src/sync/push/find-made.ts",
    source: `return wanted.attempted ? only(await findByContent(deps, source, wanted)) : { kind: "free" };`,
    mutant: `return wanted.attempted ? only((await findByContent(deps, source, wanted)).slice(0, 0)) : { kind: "free" };`,
    test: "test/push/create.test.ts",
    named: "there is one that is lost",
  },
  {
    name: "workspace pin",
    file: "src/sync/workspace.ts",
    source: "if (pinned !== undefined && pinned.id !== workspace.id)",
    mutant: `if (pinned !== undefined && pinned.id === "")`,
    test: "test/cli/backfill.test.ts",
    named: "backfill",
  },
  {
    name: "lost-answer look-up, of what others changed since",
    file: "src/sync/push/made-of.ts",
    source: "if (first !== undefined) values[attribute.slug] = first;",
    mutant: "if (first !== undefined) continue;",
    test: "test/push/create.test.ts",
    named: "somebody changed before it was looked for",
  },
  {
    name: "lost-answer look-up, by what each attempt sent",
    file: "src/sync/push/lane-past.ts",
    source: "return next === undefined || next.attempts < attempts ? [place + 1] : [];",
    mutant: "return next === undefined ? [place + 1 - 0 * attempts] : [];",
    test: "test/push/create.test.ts",
    named: "before a second attempt",
  },
  {
    name: "lost-answer look-up, after a look that was refused",
    file: "src/sync/push/push-lane.ts",
    source: "if (refused && hasFailedSending) await noteRefused(db.sql, ids);",
    mutant: "if (refused) await noteRefused(db.sql, ids);",
    test: "test/push/create.test.ts",
    named: "whose parent was merged",
  },
  {
    name: "order of changes, of what follows a merge",
    file: "src/db/queries/outbox-merges.ts",
    source: "AND l.operation = 'update' AND l.status IN ('pushing', 'pushed')",
    mutant: "AND l.operation = 'update' AND l.status IN ('pushing', 'pushed') AND false",
    test: "test/push/merged.test.ts",
    named: "comes late",
  },
  {
    name: "order of changes, of a row that was here twice",
    file: "src/sync/push/lane-past.ts",
    source: "(sent.get(column) ?? 0) <= id",
    mutant: "(sent.get(column) ?? 0) <= id + 1_000",
    test: "test/push/create.test.ts",
    named: "though pushed first",
  },
  {
    name: "order of changes, of what comes in while a later one is under way",
    file: "src/db/queries/outbox-claims.ts",
    source: "OR e.status = 'pushing'",
    mutant: "OR e.id < o.id AND e.status = 'pushing'",
    test: "test/push/merged.test.ts",
    named: "under way waits",
  },
  {
    name: "grace of a lost create, by a clock that is ahead",
    file: "src/db/queries/outbox-claims.ts",
    source: "attemptedMsAgo === null ? null : nowMs - attemptedMsAgo",
    mutant: "attemptedMsAgo === null ? null : new Date().getTime() - attemptedMsAgo",
    test: "test/push/create.test.ts",
    named: "clock is ahead",
  },
  {
    name: "lost-answer look-up, of what was pushed through the row that its event made",
    file: "src/sync/push/made-of.ts",
    source: "if (ours.has(attribute.column) || isByOthers",
    mutant: "if (isByOthers",
    test: "test/push/create.test.ts",
    named: "though pushed first",
  },
  {
    name: "what was edited after an attempt",
    file: "src/sync/push/decide.ts",
    source: `return tried.every((values) => isSame(attribute, wanted, values)) ? { kind: "equal" } : send(false);`,
    mutant: `return { kind: "equal" };`,
    test: "test/push/lost-updates.test.ts",
    named: "(attio)",
  },
  {
    name: "tombstone ticket, of a webhook's look",
    file: DECIDE,
    source: `return begin > held.fetchSeq ? "write" : "ignore";`,
    mutant: `return "write";`,
    test: HOLDS,
    named: "not by a webhook whose look",
  },
  {
    name: "absence, of what a resumed scan has read again alone",
    file: "src/sync/backfill/backfill-windows.ts",
    source: "      from,\n      to: span.to,",
    mutant: "      from: from * 0,\n      to: span.to,",
    test: "test/sync/resume.test.ts",
    named: "resumed scan",
  },
  {
    name: "U+0000 left out",
    file: "src/sync/mapping/text.ts",
    source: `if (!formed.includes("\\0")) return formed;`,
    mutant: `if (!formed.includes("\\0") || tally.droppedCharacters >= 0) return formed;`,
    test: "test/sync/limits.test.ts",
    named: "U+0000",
  },
  {
    name: "numbers that PostgreSQL could not hold",
    file: "src/sync/mapping/read-value.ts",
    source: `if (typeof value !== "number" || !Number.isFinite(value)) {`,
    mutant: `if (typeof value !== "number") {`,
    test: "test/sync/limits.test.ts",
    named: "beyond float range",
  },
  {
    name: "items of many chunks, kept whole",
    file: "src/attio/item-stream.ts",
    source: "> MOST_PENDING) this.#followAll(rest);",
    mutant: "> MOST_PENDING) this.#followAll(rest.subarray(1));",
    test: "test/sync/limits.test.ts",
    named: "10 MB text",
  },
  {
    name: "timestamps cut, not rounded",
    file: "src/sync/mapping/text.ts",
    source: "return `${timestamp.slice(0, 26)}Z`;",
    mutant: "return timestamp;",
    test: "test/sync/limits.test.ts",
    named: "year 9999",
  },
  {
    name: "errors of a queue connection that nobody hears",
    file: "src/workers/queue-client.ts",
    source: `if (event === "error" && this.listenerCount("error") === 0) return false;`,
    mutant: `if (event === "none") return false;`,
    test: "test/db/queue-client.test.ts",
    named: "lost as soon as it stands",
  },
  {
    name: "delete before what follows it",
    file: "src/sync/push/push-lane.ts",
    source: "if (end === 0 || end === lane.changes.length) return",
    mutant: "if (end >= 0) return",
    test: "test/push/replaced.test.ts",
    named: "of deals the first is gone",
  },
];
