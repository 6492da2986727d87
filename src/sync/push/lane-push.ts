import { isDeepStrictEqual } from "node:util";
import { AttioApiError, AttioNotFoundError, type RequestOptions } from "../../attio/index.ts";
import type { Cells } from "../../db/control/index.ts";
import {
  endChanges,
  noteConflict,
  noteRefused,
  noteSend,
  readReferences,
  splitOff,
  supersedeFailed,
  type Lane,
  type OutboxChange,
} from "../../db/queries/outbox.ts";
import { columnsSent } from "../../db/queries/outbox-merges.ts";
import { findReleases, noteReleased, type Release } from "../../db/queries/outbox-releases.ts";
import { readObjectsOf } from "../../db/queries/record-objects.ts";
import { ring } from "../../db/queries/dirty.ts";
import { transact } from "../../db/tx.ts";
import type { ValueChange } from "../apply/history.ts";
import { deleteRows } from "../apply/delete-rows.ts";
import { findDependents } from "../live/dependents.ts";
import { PlanChangedError, type ApplyTarget } from "../apply/target.ts";
import { ticketed } from "../fetch/ticketed.ts";
import { columnsOf, type AttributePlan } from "../mapping/record-plan.ts";
import type { MappedRow } from "../mapping/row.ts";
import { isObjectStream } from "../streams.ts";
import { cellsOf, completedParts, withMainColumns } from "./attribute-cells.ts";
import { decideAttribute } from "./decide.ts";
import type { Endpoint, Send, Written } from "./endpoint.ts";
import type { Made } from "./find-made.ts";
import { foldChanges, withForms } from "./forms.ts";
import { ClaimLostError, LaneFailedError, LaterError, pauseFor } from "./lane-errors.ts";
import { ageOf, attemptsOf, notOutrun } from "./lane-past.ts";
import { printedCells } from "./printed-cells.ts";
import type { PushDeps } from "./push-deps.ts";
import {
  idsNamed,
  idsWithoutObject,
  resolveReferences,
  withObjects,
  withTodaysIds,
  type References,
} from "./references.ts";
import { settle, type Answer } from "./settle.ts";
import { cellsWithout, claimedValues, releasedValues, uniqueOf, valuesWithout } from "./unique-values.ts";
import { valuesIn, writeValue, type WriteValue } from "./write-form.ts";

/** What Attio has of a row. */
interface Remote {
  row: MappedRow;
  target: ApplyTarget;
  begin: number;
  cells: Cells;
}

/** How long a row waits for another one's unique value before it gives up its own ahead of the rest. */
const RELEASE_AFTER_MS = 1_000;

/** How often a record that went after it was found is looked for anew. */
const MAX_LOOKS = 3;

/** The push of one lane: reads what Attio has, decides, sends what differs, and settles. */
export class LanePush {
  readonly #deps: PushDeps;
  readonly #endpoint: Endpoint;
  readonly #lane: Lane;
  readonly #options: RequestOptions;
  /** Columns that were sent of a row that the record has besides this one, with the last change of each. */
  #sentByOther: ReadonlyMap<string, number> = new Map();
  /** When an earlier attempt sent the row's insert, whose answer is not known; null for none. */
  readonly #insertSentAtMs: number | null;
  #superseded: Cells | undefined;
  #hasSent = false;
  #hasFailedSending = false;
  #looksInVain = 0;
  readonly #followUps: number[] = [];

  constructor(deps: PushDeps, endpoint: Endpoint, lane: Lane, options: RequestOptions) {
    this.#deps = deps;
    this.#endpoint = endpoint;
    this.#lane = lane;
    // What met another write is decided anew before it is sent again, hence not by the client.
    this.#options = { ...options, timeoutMs: deps.patience.timeoutMs, retryConflicts: false };
    this.#insertSentAtMs =
      lane.changes.find(({ operation }) => operation === "insert")?.attemptedAtMs ?? null;
  }

  /** Whether a write may have been carried out. */
  get hasSent(): boolean {
    return this.#hasSent;
  }

  /** Whether it was a write that failed, and not what was asked before it. */
  get hasFailedSending(): boolean {
    return this.#hasFailedSending;
  }

  /** Changes that were split off, to follow once the row exists in Attio. */
  get followUps(): readonly number[] {
    return this.#followUps;
  }

  /**
   * May be called again after a write that Attio did not apply: it reads and decides anew, and looks for what else made the row.
   *
   * @throws {PlanChangedError} when what it works on has other names by now: the lane is to be taken anew
   */
  async run(): Promise<void> {
    this.#hasFailedSending = false;
    this.#expectVersion(this.#lane.planVersion);
    const { changes } = this.#lane;
    const wasInserted = changes.some(({ operation }) => operation === "insert");
    const isDeleted = changes.at(-1)?.operation === "delete";
    if (isDeleted) return this.#delete(this.#insertSentAtMs, wasInserted);
    this.#refuseClosed();
    if (wasInserted) await this.#insert(this.#insertSentAtMs);
    else await this.#update(this.#lane.recordId, await this.#base(), false);
  }

  #expectVersion(version: number): void {
    const { version: known = version } = this.#endpoint;
    if (known !== version) throw new PlanChangedError(this.#lane.stream);
  }

  /** An attribute that was archived since can't be written, and must not look as if it had been. */
  #refuseClosed(): void {
    const closed = this.#endpoint.closedColumn(this.#local);
    if (closed !== undefined)
      throw new LaneFailedError(
        "attribute_closed",
        `Attio does not let column "${closed}" be written any more`,
      );
  }

  /** Column → the value that was written last. */
  get #local(): Cells {
    return this.#fold(this.#lane.changes.map((change) => notOutrun(change, this.#sentByOther)));
  }

  #fold(changes: readonly Cells[]): Cells {
    const { attributes, forms } = this.#endpoint;
    return withMainColumns(attributes, this.#endpoint.read(foldChanges(changes, forms)));
  }

  /** Column → the value before the first of these changes, and before those that failed. */
  async #base(): Promise<Cells> {
    const base = Object.assign({}, ...this.#lane.changes.toReversed().map((change) => change.base)) as Cells;
    const columns = withForms(Object.keys(base), this.#endpoint.forms);
    this.#superseded ??= await supersedeFailed(this.#deps.db.sql, this.#lane, columns);
    return this.#endpoint.read({ ...base, ...this.#superseded });
  }

  async #delete(attemptedAtMs: number | null, wasInserted: boolean): Promise<void> {
    const { db, deleteMode } = this.#deps;
    let id = this.#lane.recordId;
    if (wasInserted) {
      const attempt = await this.#findAttempted();
      if (attempt === undefined) {
        if (attemptedAtMs !== null) this.#waitOutGrace(attemptedAtMs);
        await endChanges(db.sql, this.#lane.changes, "discarded", {
          code: "cancelled",
          message: "deleted before it was sent",
        });
        return;
      }
      id = attempt.id;
    }
    this.#hasSent = true;
    const { value, begin } = await ticketed(db.sql, this.#options, async (sending) => {
      try {
        return await this.#endpoint.delete(id, sending);
      } catch (error) {
        if (error instanceof AttioNotFoundError) return { threads: [] };
        throw error;
      }
    });
    const deletion = { ids: [id], begin, mode: deleteMode, announced: true, ours: true };
    await deleteRows(db.sql, this.#endpoint.target, deletion);
    await transact(db.sql, async (tx) => {
      const { threads } = value;
      const reason = "a comment was deleted";
      await ring(tx, [
        ...(await findDependents(tx, { gone: isObjectStream(this.#lane.stream) ? [id] : [], threads })),
        ...threads.map((thread) => ({ stream: "threads", id: thread, reason, announced: true })),
      ]);
      await endChanges(tx, this.#lane.changes, "pushed");
    });
  }

  async #update(id: string, base: Cells, isBound: boolean): Promise<void> {
    const local = await this.#withObjects(await this.#translate(this.#local, false));
    if (!isBound) await this.#awaitReleases(base, local, id);
    const remote = await this.#fetch(id);
    // Since a merge Attio shows what it became of what was there before.
    const before = await this.#byTodaysIds(base);
    const attempted: Cells[] = [];
    for (const changes of attemptsOf(this.#lane))
      attempted.push(await this.#namingObjects(await this.#translate(this.#fold(changes), false)));
    const forced = this.#lane.changes.every((change) => change.forced);
    const policy = forced ? "local" : this.#deps.policy;
    const since = this.#onAttiosClock(this.#lane.changes[0]?.createdAtMs ?? 0) - 1_000;
    const sends: Send[] = [];
    const parked: { changes: Cells; base: Cells } = { changes: {}, base: {} };
    const shown = this.#endpoint.read(remote.row.columns);
    for (const attribute of this.#changed(local)) {
      // What Attio does not show, by a new name or none, says nothing of a change there (design rule 5).
      const there = attribute.column in shown ? remote.cells : before;
      const cells = {
        base: cellsOf(attribute, before),
        local: isBound ? completedParts(attribute, local, there) : cellsOf(attribute, local),
        remote: cellsOf(attribute, there),
        sent: attempted.filter((sent) => attribute.column in sent).map((sent) => cellsOf(attribute, sent)),
      };
      const origin = remote.row.origins?.get(attribute.slug);
      const decision = decideAttribute(
        { attribute, ...cells, origin },
        {
          policy,
          changedAtMs: this.#changedAtMs(attribute),
          isOurs: (by) =>
            (by?.actorId === this.#deps.ownActor && Date.parse(by.activeFrom ?? "") >= since) ||
            cells.sent.some((sent) => this.#endpoint.isAsSent(attribute, sent, cells.remote)),
        },
      );
      if (decision.kind === "send") sends.push({ attribute, decision });
      if (decision.kind === "park") {
        Object.assign(parked.changes, cells.local);
        Object.assign(parked.base, cells.base);
      }
      if (
        decision.kind === "yield" ||
        decision.kind === "park" ||
        (decision.kind === "send" && decision.conflict)
      ) {
        const winner = decision.kind === "yield" ? "attio" : decision.kind === "park" ? "none" : "local";
        await noteConflict(this.#deps.db.sql, this.#lane, {
          attribute: attribute.slug,
          ...cells,
          policy,
          winner,
        });
      }
    }
    const answer =
      sends.length === 0
        ? remote
        : await this.#answer(false, (sending) => this.#endpoint.update(id, sends, sending));
    if (Object.keys(parked.changes).length > 0) await this.#park(parked);
    await this.#settle({ ...answer, changes: isBound ? [] : this.#changesOf(base, answer) });
  }

  /** When an attribute was changed here last, whatever else of the row was changed since (design rule 28). */
  #changedAtMs(attribute: AttributePlan): number {
    const columns = columnsOf(attribute);
    const last = this.#lane.changes.findLast(({ changes }) => columns.some((column) => column in changes));
    return this.#onAttiosClock((last ?? this.#lane.changes.at(-1))?.createdAtMs ?? 0);
  }

  /**
   * Waits for other rows' changes that give up a unique value which this row claims. What this row gives up itself goes ahead,
   * so that rows which exchange values do not wait for each other.
   *
   * @param id Attio's; undefined for a row that is not there yet
   * @throws {LaterError} where there is something to wait for
   */
  async #awaitReleases(base: Cells, local: Cells, id: string | undefined): Promise<void> {
    const { attributes } = this.#endpoint;
    const releases = await findReleases(
      this.#deps.db.sql,
      this.#lane,
      claimedValues(attributes, base, local),
    );
    if (releases.length === 0) return;
    // Along a chain each row is soon free by itself: only rows that wait for each other need more writes.
    const isStuck =
      ageOf(this.#lane) > RELEASE_AFTER_MS && releases.some(({ operation }) => operation === "update");
    if (id !== undefined && isStuck) await this.#releaseOwn(id, base, local);
    throw waitFor(releases, ageOf(this.#lane));
  }

  /** Takes out of Attio the unique values that are given up here, ahead of all else that is changed in the row. */
  async #releaseOwn(id: string, base: Cells, local: Cells): Promise<void> {
    const before = this.#lane.changes.map((change) => ({ ...change }));
    let left: Cells = {};
    for (const attribute of uniqueOf(this.#endpoint.attributes)) {
      const released = releasedValues(attribute, local, this.#lane.changes);
      if (released.size === 0) continue;
      if (!(await this.#release(attribute, id, released))) return this.#forgetSend(before);
      // What else Attio has of it is not what it was changed from here.
      left = { ...left, ...cellsWithout(attribute, base, released) };
    }
    await noteReleased(this.#deps.db.sql, this.#lane, left);
    await this.#forgetSend(before);
  }

  /** Gives false for a value that Attio does not let go without another one in its place. */
  async #release(attribute: AttributePlan, id: string, released: ReadonlySet<string>): Promise<boolean> {
    const remote = await this.#fetch(id);
    const kept = valuesWithout(attribute, remote.cells, released);
    if (kept.length === valuesIn(attribute, remote.cells).length) return true;
    const values = kept.map((value) => writeValue(attribute, value));
    const decision: Send["decision"] = {
      kind: "send",
      values,
      additions: [],
      replaces: true,
      conflict: false,
    };
    try {
      await this.#answer(false, (sending) => this.#endpoint.update(id, [{ attribute, decision }], sending));
      return true;
    } catch (error) {
      const mayFollow = ageOf(this.#lane) <= this.#deps.patience.referenceMs;
      if (!(error instanceof AttioApiError) || error.code !== "missing_value" || !mayFollow) throw error;
      this.#hasFailedSending = false;
      return false;
    }
  }

  /** An answered write that was not yet what the changes ask for: it is no attempt at those. */
  async #forgetSend(before: readonly OutboxChange[]): Promise<void> {
    await noteRefused(this.#deps.db.sql, before);
    this.#lane.changes = [...before];
    this.#hasSent = false;
  }

  async #insert(attemptedAtMs: number | null): Promise<void> {
    const { recordId } = this.#lane;
    const named = await this.#withObjects(await this.#translate(this.#local, true));
    const local = this.#endpoint.recognizable(named, recordId);
    // It must not bind to a record that is about to go, or to give its value to this one.
    await this.#awaitReleases({}, local, undefined);
    const attempt = await this.#findAttempted();
    if (attempt !== undefined) return this.#updateMade(attempt.id, attempt.sent);
    const made = await this.#findMade(local, false);
    if (made.kind === "made") return this.#updateMade(made.id, {});
    const key = this.#endpoint.keyOf(local);
    if (attemptedAtMs !== null && key === undefined) this.#waitOutGrace(attemptedAtMs);
    const values: Record<string, WriteValue[]> = {};
    for (const attribute of this.#changed(local))
      values[attribute.id] = valuesIn(attribute, local).map((value) => writeValue(attribute, value));
    const answer = await this.#answer(key === undefined, (sending) =>
      this.#endpoint.create({ local, values, key, made }, sending),
    );
    await this.#settle({ ...answer, changes: this.#changesOf({}, answer) });
  }

  /**
   * Where the record has a row of its own, what was changed there later is not undone. A record that went since it was found is
   * looked for anew: it may have been merged, or deleted.
   */
  async #updateMade(id: string, base: Cells): Promise<void> {
    this.#sentByOther = await columnsSent(this.#deps.db.sql, this.#lane.stream, id);
    try {
      await this.#update(id, base, true);
    } catch (error) {
      if (!(error instanceof AttioNotFoundError) || ++this.#looksInVain > MAX_LOOKS) throw error;
      if (this.#hasFailedSending) throw new LaterError(1);
      await this.#insert(this.#insertSentAtMs);
    }
  }

  /** What an earlier attempt made whose answer was lost, and what the first that may have made it sent. */
  async #findAttempted(): Promise<{ id: string; sent: Cells } | undefined> {
    for (const changes of attemptsOf(this.#lane)) {
      const cells = await this.#namingObjects(await this.#translate(this.#fold(changes), true));
      const sent = this.#endpoint.recognizable(cells, this.#lane.recordId);
      const made = await this.#findMade(sent, true);
      if (made.kind === "made") return { id: made.id, sent };
    }
    return undefined;
  }

  /** What an earlier attempt may have made, or what has the same key. */
  #findMade(local: Cells, attempted: boolean): Promise<Made> {
    return this.#endpoint.findMade({
      key: this.#endpoint.keyOf(local),
      local,
      attempted,
      sinceMs: this.#onAttiosClock(this.#lane.changes[0]?.createdAtMs ?? 0) - 1_000,
      options: this.#options,
    });
  }

  #waitOutGrace(attemptedAtMs: number): void {
    const left = attemptedAtMs + this.#deps.patience.graceMs - Date.now();
    if (left > 0) throw new LaterError(Math.min(2, left / 1_000 + 0.1));
  }

  /**
   * Sends, and reads the answer as the plan has it; an answer that it can't read is asked for again.
   *
   * @param create whether it makes something that no key tells apart
   */
  async #answer(create: boolean, send: (options: RequestOptions) => Promise<Written>): Promise<Remote> {
    const { db } = this.#deps;
    await this.#noteSend(create);
    // Once more when the budget lets it go: from then on it may happen, and only while the changes are still ours.
    const options = { ...this.#options, onSend: () => this.#noteSend(false) };
    const sent = await ticketed(db.sql, options, async (sending) => {
      try {
        return await send(sending);
      } catch (error) {
        this.#hasFailedSending = true;
        throw error;
      }
    });
    const { id, target, row } = sent.value;
    if (row === undefined) return this.#fetch(id);
    return { row, target, begin: sent.begin, cells: await this.#cellsOf(target, row) };
  }

  async #cellsOf(target: ApplyTarget, row: MappedRow): Promise<Cells> {
    return this.#endpoint.read(await printedCells(this.#deps.db.sql, target, row));
  }

  async #noteSend(create: boolean): Promise<void> {
    const noted = await noteSend(this.#deps.db.sql, this.#lane, create);
    if (noted === "taken over") throw new ClaimLostError();
    if (noted === "one at a time") throw new LaterError(0.5);
    this.#hasSent = true;
    // Whoever begins again, since the plan changed, must look for what was made.
    for (const change of this.#lane.changes) change.attemptedAtMs = Date.now();
  }

  async #fetch(id: string): Promise<Remote> {
    const { value, begin } = await this.#endpoint.fetch(id, this.#options);
    this.#expectVersion(value.target.version);
    const [row] = value.rows;
    if (row === undefined || "problem" in row)
      throw new Error(`row ${id} of ${this.#lane.stream} cannot be read`);
    return { row, target: value.target, begin, cells: await this.#cellsOf(value.target, row) };
  }

  /** Attributes of which a column was changed. */
  #changed(local: Cells): AttributePlan[] {
    return this.#endpoint.attributes.filter(({ column, writable }) => writable && column in local);
  }

  /** What the push changed in Attio, for the history. */
  #changesOf(base: Cells, { row, target, cells }: Remote): ValueChange[] {
    if (target.tracked.length === 0) return [];
    return this.#changed(this.#local).flatMap(({ slug: attribute, column }) => {
      const [old, now] = [base[column] ?? null, cells[column] ?? null];
      return isDeepStrictEqual(old, now) ? [] : [{ id: row.id, attribute, column, old, new: now }];
    });
  }

  async #byTodaysIds(base: Cells): Promise<Cells> {
    const references = this.#referencesIn(base, []);
    const known = await readReferences(this.#deps.db.sql, idsNamed(base, references));
    return withTodaysIds(base, references, known);
  }

  #referencesIn(cells: Cells, place: readonly string[]): References {
    const attributes = this.#changed(cells).filter(({ kind }) => kind === "record-reference");
    return { attributes, place };
  }

  /** Puts today's ids in place of provisional ones; what was not made yet is waited for, or connected later. */
  async #translate(local: Cells, isInsert: boolean): Promise<Cells> {
    const references = this.#referencesIn(local, isInsert ? this.#endpoint.place : []);
    const ids = idsNamed(local, references);
    if (ids.length === 0) return local;
    const known = await readReferences(this.#deps.db.sql, ids);
    const changeId = isInsert ? (this.#lane.changes[0]?.id ?? 0) : null;
    const resolution = resolveReferences(local, references, known, changeId);
    if (resolution.kind === "waits") {
      const { column, hasFailed } = resolution;
      if (hasFailed && ageOf(this.#lane) > this.#deps.patience.referenceMs)
        throw new LaneFailedError("reference_failed", `${column} names a row that was not made in Attio`);
      throw new LaterError(pauseFor(ageOf(this.#lane), { least: 0.2 }));
    }
    const { cells, later } = resolution;
    if (Object.keys(later.changes).length > 0) await this.#park(later, "pending");
    return cells;
  }

  /**
   * Names the objects of references that may point at several.
   *
   * @throws where nobody knows what a reference points at: a row that is to come is waited for (design rule 13)
   */
  async #withObjects(local: Cells): Promise<Cells> {
    const cells = await this.#namingObjects(local);
    const column = idsWithoutObject(cells, this.#referencesIn(cells, []).attributes);
    if (column === undefined) return cells;
    if (ageOf(this.#lane) <= this.#deps.patience.referenceMs) throw new LaterError(2);
    throw new LaneFailedError(
      "unknown_reference",
      `"${column.main}" names a record that the mirror does not know; "${column.object}" may say of which object it is`,
    );
  }

  async #namingObjects(local: Cells): Promise<Cells> {
    const attributes = this.#referencesIn(local, []).attributes.filter(({ sides }) => "object" in sides);
    if (attributes.length === 0) return local;
    const ids = idsNamed(local, { attributes, place: [] });
    return withObjects(local, attributes, await readObjectsOf(this.#deps.db.sql, ids));
  }

  async #park(
    parked: { changes: Cells; base: Cells },
    status: "pending" | "conflict" = "conflict",
  ): Promise<void> {
    const cells = {
      changes: this.#endpoint.store(parked.changes),
      base: this.#endpoint.store(parked.base),
    };
    const reason =
      status === "conflict"
        ? {
            code: "conflict",
            message: "changed here and in Attio; retry to keep ours, discard to keep Attio's",
          }
        : { code: null, message: null };
    const split = await transact(this.#deps.db.sql, (tx) =>
      splitOff(tx, this.#lane, cells, { status, ...reason }),
    );
    if (status === "pending" && split !== undefined) this.#followUps.push(split);
    for (const change of this.#lane.changes)
      for (const column of Object.keys(cells.changes)) Reflect.deleteProperty(change.changes, column);
    this.#lane.changes = this.#lane.changes.filter(
      ({ operation, changes }) => operation !== "update" || Object.keys(changes).length > 0,
    );
  }

  async #settle(answer: Omit<Answer, "doorbells" | "deleteMode">): Promise<void> {
    await settle(this.#deps.db.sql, this.#lane, {
      ...answer,
      deleteMode: this.#deps.deleteMode,
      doorbells: this.#endpoint.doorbells(answer.row),
    });
  }

  #onAttiosClock(ms: number): number {
    return ms + (this.#deps.client.serverClockOffsetMs() ?? 0);
  }
}

function waitFor(releases: readonly Release[], ageMs: number): LaterError {
  const delay = pauseFor(ageMs, { least: 0.1 });
  const code = releases.find(({ heldBy }) => heldBy !== null)?.heldBy;
  if (code == null) return new LaterError(delay);
  return new LaterError(delay, {
    code: "value_not_free",
    message: `waits for another row whose deletion is on hold (${code}) and which has a unique value of this one`,
  });
}
