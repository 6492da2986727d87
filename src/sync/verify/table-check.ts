import type { Tx } from "../../db/client.ts";
import { findMeetings, findStanding } from "../../db/queries/compare.ts";
import type { UnequalRow } from "../../db/queries/compare.ts";
import { findAhead, resetAhead } from "../../db/queries/fetch-sequence.ts";
import { readHolds } from "../../db/queries/outbox-holds.ts";
import { noteReported } from "../../db/queries/verifications.ts";
import type { Verification } from "../../db/queries/verifications.ts";
import { sleep } from "../../lib/sleep.ts";
import { uniqueById } from "../apply/pages.ts";
import { underPlan } from "../apply/plan-lock.ts";
import { PlanChangedError } from "../apply/target.ts";
import type { ApplyTarget } from "../apply/target.ts";
import type { SyncDeps } from "../deps.ts";
import type { FetchedRowsOf, RowSource } from "../fetch/row-source.ts";
import { splitRows } from "../fetch/split-rows.ts";
import type { MappedRow } from "../mapping/row.ts";
import { bulkOptions } from "../walk/bulk.ts";
import { compareRows } from "./compare-rows.ts";
import type { Drift, Findings } from "./findings.ts";
import { partHeld } from "./held.ts";
import type { HeldRow } from "./held.ts";
import { judge } from "./judge.ts";
import { lookUp } from "./look-up.ts";
import type { LookUp } from "./look-up.ts";
import type { Repair } from "./repair.ts";

/** Suspects that are looked at again together: few enough to bound memory, many enough to share the wait. */
const MANY_SUSPECTS = 500;

/** Ids in one `$in` (no limit is documented; this is what is known to work). */
const LOOKUP_SIZE = 100;

/** How long a suspect is left alone first: what just changed in Attio is on its way to the mirror. */
const SETTLE_MS = 1_000;

/** How often a row that is changed while it is looked at is looked at again, and after which pause. */
const LOOKS = 3;
const PAUSE_MS = 500;

/** A comparison of one stream under way. */
export interface VerifyContext {
  deps: SyncDeps;
  verification: Verification;
  findings: Findings;
  /** Mends what drifted; undefined where it is only to be told. */
  repair: Repair | undefined;
  signal: AbortSignal;
}

/** A table of the mirror, and how single rows of it are looked up in Attio. */
export interface CheckedTable {
  target: () => ApplyTarget;
  source: RowSource;
}

/** A row that seemed to have drifted when it was first looked at. */
interface Suspect {
  id: string;
  /** Attio showed it; else only the mirror did. */
  isShown: boolean;
  /** Of the row as Attio had it at the last look; null when it had none or it was not readable. */
  hash: string | null;
  /** What is needed to fetch it besides its id. */
  detail: Record<string, string> | null;
}

/** What looking at suspects again came to. */
interface Verdicts {
  drifts: Drift[];
  held: HeldRow[];
  inFlight: number;
  setAside: string[];
  undecided: Suspect[];
}

/**
 * Compares a table with what Attio shows. Nothing is reported at first sight: the workspace changes while it is read. What
 * seems to have drifted is left alone for a moment and then looked up by its id, until it is either equal, or unequal
 * although neither side has changed it meanwhile.
 */
export class TableCheck {
  readonly #context: VerifyContext;
  readonly #table: CheckedTable;
  #suspects = new Map<string, Suspect>();
  #suspectedAt = 0;
  #hasWaiting = false;

  constructor(context: VerifyContext, table: CheckedTable) {
    this.#context = context;
    this.#table = table;
  }

  /**
   * Compares what a page showed.
   *
   * @throws {PlanChangedError} when it was mapped by an older plan; nothing of it has been taken up then
   */
  async compare({ target, rows: all }: FetchedRowsOf): Promise<void> {
    const { rows, unreadable } = splitRows(all);
    const unique = uniqueById(rows);
    const { unequal, refused } = await compareRows(this.#context.deps.db.sql, target, unique);
    const parted = unequal.map(partHeld);
    // What differs only where it was written here needs no second look.
    await this.#noteHeld(parted.flatMap(({ held, rest }) => (rest === undefined && held ? [held] : [])));
    const suspects = new Set([
      ...parted.flatMap(({ rest }) => (rest === undefined ? [] : [rest.id])),
      ...refused,
    ]);
    await this.#suspect([
      ...unique.filter((row) => suspects.has(row.id)).map(shown),
      ...unreadable.map(({ id }) => ({ id, isShown: true, hash: null, detail: null })),
    ]);
  }

  /** Takes up rows that Attio should have shown and did not. */
  async suspectAbsent(ids: readonly string[]): Promise<void> {
    if (ids.length === 0) return;
    const { sql } = this.#context.deps.db;
    const { stream } = this.#table.target();
    const isRecording = stream === "call_recordings";
    const meetings = isRecording ? await findMeetings(sql, ids) : new Map<string, string>();
    // Attio cannot know the ids of rows that were inserted here.
    const holds = await readHolds(sql, stream, ids);
    const isInserted = (id: string) => holds.get(id)?.inserted === true;
    await this.#noteHeld(ids.filter(isInserted).map((id) => ({ id, kind: "insert", columns: [] })));
    const others = ids.filter((id) => !isInserted(id));
    await this.#suspect(
      others.map((id) => ({ id, isShown: false, hash: null, detail: meetingDetail(meetings.get(id)) })),
    );
  }

  /**
   * Takes up rows whose number the sequence of fetches has not given yet: no fetch would write them. To be asked first, since
   * they can't be judged, nor mended, before they have one again.
   */
  async checkSequence(): Promise<void> {
    const { findings, verification, deps, repair } = this.#context;
    const ids = await this.underPlan(findAhead);
    if (ids.length === 0) return;
    await noteReported(deps.db.sql, verification, this.#table.target().stream, ids);
    const drifts = ids.map((id): Drift => ({ id, kind: "different", columns: ["_fetch_seq"] }));
    findings.addDrift(drifts);
    if (repair === undefined) return;
    await this.underPlan(resetAhead);
    await this.#mend(repair, drifts, []);
  }

  /** Runs `work` while the table stays as it is. */
  async underPlan<T>(work: (tx: Tx, target: ApplyTarget) => Promise<T>): Promise<T> {
    for (;;) {
      const target = this.#table.target();
      try {
        return await underPlan(this.#context.deps.db.sql, target, (tx) => work(tx, target));
      } catch (error) {
        if (!(error instanceof PlanChangedError)) throw error;
        await this.#table.source.reload?.();
      }
    }
  }

  /** Settles what is left. */
  async finish(): Promise<void> {
    await this.#settle();
    // What waits to be fetched again is no drift, but whoever repairs wants it mended too.
    if (this.#hasWaiting) await this.#context.repair?.drain(this.#table.target().stream);
  }

  async #noteHeld(rows: readonly HeldRow[]): Promise<void> {
    const { deps, verification, findings } = this.#context;
    const ids = rows.map(({ id }) => id);
    // Apart from what drifted: one row may do both.
    const list = `held:${this.#table.target().stream}`;
    const news = await noteReported(deps.db.sql, verification, list, ids);
    findings.addHeld(rows.filter(({ id }) => news.has(id)));
  }

  async #suspect(suspects: readonly Suspect[]): Promise<void> {
    if (suspects.length === 0) return;
    for (const suspect of suspects) {
      // That Attio showed it is the better knowledge.
      if (this.#suspects.get(suspect.id)?.isShown !== true) this.#suspects.set(suspect.id, suspect);
    }
    this.#suspectedAt = performance.now();
    if (this.#suspects.size >= MANY_SUSPECTS) await this.#settle();
  }

  async #settle(): Promise<void> {
    const { findings, signal } = this.#context;
    let open = [...this.#suspects.values()];
    this.#suspects = new Map();
    let pause = this.#suspectedAt + SETTLE_MS - performance.now();
    for (let look = 0; look < LOOKS && open.length > 0; look++) {
      await sleep(pause, signal);
      pause = PAUSE_MS;
      const undecided: Suspect[] = [];
      for (let start = 0; start < open.length; start += LOOKUP_SIZE) {
        undecided.push(...(await this.#lookAgain(open.slice(start, start + LOOKUP_SIZE))));
      }
      open = undecided;
    }
    findings.inFlight += open.length;
  }

  /** Looks suspects up and takes up what that says; gives back those of which it says nothing yet. */
  async #lookAgain(suspects: readonly Suspect[]): Promise<readonly Suspect[]> {
    const { findings, verification, deps, repair } = this.#context;
    let verdicts: Verdicts;
    try {
      verdicts = await this.#judge(suspects);
    } catch (error) {
      if (!(error instanceof PlanChangedError)) throw error;
      await this.#table.source.reload?.();
      return suspects;
    }
    findings.inFlight += verdicts.inFlight;
    this.#hasWaiting ||= verdicts.inFlight > 0;
    await this.#noteHeld(verdicts.held);
    for (const code of verdicts.setAside) findings.addSetAside(code);
    const { stream } = this.#table.target();
    const ids = verdicts.drifts.map(({ id }) => id);
    // A row may be suspected in two places: where Attio shows it, and where the mirror has it.
    const news = await noteReported(deps.db.sql, verification, stream, ids);
    const drifts = verdicts.drifts.filter(({ id }) => news.has(id));
    findings.addDrift(drifts);
    if (repair !== undefined && drifts.length > 0) await this.#mend(repair, drifts, suspects);
    return verdicts.undecided;
  }

  async #mend(repair: Repair, drifts: readonly Drift[], suspects: readonly Suspect[]): Promise<void> {
    const { findings } = this.#context;
    const details = new Map(suspects.map(({ id, detail }) => [id, detail]));
    await this.underPlan((tx, target) => repair.mark(tx, target, drifts, details));
    const { repaired, heldBack } = await repair.mend(this.#table.target(), drifts);
    findings.repaired += repaired;
    findings.heldBack += heldBack;
  }

  async #judge(suspects: readonly Suspect[]): Promise<Verdicts> {
    const { deps, findings, signal } = this.#context;
    const look = await lookUp(deps.db.sql, this.#table.source, suspects, bulkOptions(signal));
    findings.requests += look.requests;
    const left = new Map(suspects.map((suspect) => [suspect.id, suspect]));
    const verdicts: Verdicts = { drifts: [], held: [], inFlight: 0, setAside: [], undecided: [] };
    for (const portion of look.found) await this.#judgeFound(portion, left, verdicts);
    await this.#judgeGone(look, left, verdicts);
    // Being merged: neither there nor gone.
    verdicts.undecided.push(...left.values());
    return verdicts;
  }

  async #judgeFound(
    { target, rows: all, begin }: FetchedRowsOf & { begin: number },
    left: Map<string, Suspect>,
    verdicts: Verdicts,
  ): Promise<void> {
    const { rows, unreadable } = splitRows(all);
    const { unequal, refused } = await compareRows(this.#context.deps.db.sql, target, rows);
    const unequals = new Map(unequal.map((row) => [row.id, row]));
    const unknowable = new Set([...refused, ...unreadable.map(({ id }) => id)]);
    for (const row of rows) {
      const suspect = left.get(row.id);
      if (suspect === undefined || unknowable.has(row.id)) continue;
      left.delete(row.id);
      const found = unequals.get(row.id);
      if (found === undefined) {
        if (suspect.isShown) verdicts.inFlight += 1;
        continue;
      }
      const { held, rest } = partHeld(found);
      if (held !== undefined) verdicts.held.push(held);
      if (rest !== undefined) judgeUnequal(rest, row, begin, suspect, verdicts);
    }
    await this.#judgeUnknowable([...unknowable], left, verdicts);
  }

  /** Rows that cannot be read, or that PostgreSQL cannot hold: the mirror cannot have them as they are. */
  async #judgeUnknowable(
    ids: readonly string[],
    left: Map<string, Suspect>,
    verdicts: Verdicts,
  ): Promise<void> {
    if (ids.length === 0) return;
    for (const standing of await this.underPlan((tx, target) => findStanding(tx, target, ids))) {
      left.delete(standing.id);
      if (standing.hold?.deleted === true)
        verdicts.held.push({ id: standing.id, kind: "delete", columns: [] });
      else if (standing.setAside !== null) verdicts.setAside.push(standing.setAside);
      else if (standing.isMarked) verdicts.inFlight += 1;
      else {
        const kind = standing.isPresent ? "different" : "missing";
        verdicts.drifts.push({ id: standing.id, kind, columns: [] });
      }
    }
  }

  async #judgeGone({ gone, begin }: LookUp, left: Map<string, Suspect>, verdicts: Verdicts): Promise<void> {
    if (gone.length === 0) return;
    for (const standing of await this.underPlan((tx, target) => findStanding(tx, target, gone))) {
      const suspect = left.get(standing.id);
      if (suspect === undefined) continue;
      left.delete(standing.id);
      if (standing.hold?.inserted === true) {
        verdicts.held.push({ id: standing.id, kind: "insert", columns: [] });
        continue;
      }
      // Deleted on one side, or on both, since it was suspected.
      if (suspect.isShown || !standing.isPresent) {
        verdicts.inFlight += 1;
        continue;
      }
      const judgement = judge(standing, { begin, hasChanged: false, isTampered: false });
      if (judgement === "drift") verdicts.drifts.push({ id: standing.id, kind: "extra", columns: [] });
      else if (judgement === "in flight") verdicts.inFlight += 1;
      else if (judgement === "undecided") verdicts.undecided.push(suspect);
      else verdicts.setAside.push(standing.setAside ?? "");
    }
  }
}

function judgeUnequal(
  found: UnequalRow,
  row: MappedRow,
  begin: number,
  suspect: Suspect,
  verdicts: Verdicts,
): void {
  const { id, isMissing, isTampered, columns, setAside } = found;
  const judgement = judge(found, { begin, hasChanged: row.hash !== suspect.hash, isTampered });
  if (judgement === "drift") {
    verdicts.drifts.push(
      isMissing ? { id, kind: "missing", columns: [] } : { id, kind: "different", columns },
    );
  } else if (judgement === "in flight") verdicts.inFlight += 1;
  else if (judgement === "undecided") verdicts.undecided.push(shown(row));
  else verdicts.setAside.push(setAside ?? "");
}

function shown(row: MappedRow): Suspect {
  return { id: row.id, isShown: true, hash: row.hash, detail: meetingDetail(row.columns.meeting_id) };
}

/** A recording is fetched by its meeting. */
function meetingDetail(meetingId: unknown): Record<string, string> | null {
  return typeof meetingId === "string" ? { meeting_id: meetingId } : null;
}
