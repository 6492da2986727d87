import { createRandom, type Random } from "../support/random.ts";
import { toTime, type Time, type TimeInput } from "../support/time.ts";
import type { Actor, Item, ListDef, ObjectDef } from "./model.ts";
import type {
  Meeting,
  Member,
  Note,
  Recording,
  SandboxEvent,
  StoredFile,
  Task,
  Thread,
} from "./resources.ts";

/** Behaviour that Attio's documentation leaves open; each can be played both ways. */
export interface Quirks {
  /** The mirrored side of a relationship emits `record.updated` too. */
  mirrorEvents: boolean;
  /** Deleting or merging a record emits events for what goes or changes with it. */
  cascadeEvents: boolean;
  /** A create is followed by `record.updated` for each value given. */
  createEmitsUpdates: boolean;
  /** Archiving, option and status changes emit `*-attribute.updated`. */
  choiceEvents: boolean;
  /** A person created over HTTP with an email address is put into the company of its domain. */
  autoCompany: boolean;
  /** A bare option id inside an array is answered with 200 but not stored, as an integrator found; titles are. */
  optionIdsInArraysIgnored: boolean;
  /** Merges over HTTP answer 202 and stay in progress until `store.finishMerge`. */
  slowMerges: boolean;
  /**
   * Milliseconds for which PATCH, PUT and assert of a record are validated before they are applied; a record that changes
   * meanwhile is 409 `concurrent_write_conflict`.
   */
  validationMs: number;
}

/** Everything the simulated workspace holds. Only `store/*` changes it. */
export interface State {
  readonly workspace: { readonly id: string; readonly name: string; readonly slug: string };
  readonly quirks: Quirks;
  readonly objects: Map<string, ObjectDef>;
  readonly lists: Map<string, ListDef>;
  /** Records and entries of all containers, by id. */
  readonly items: Map<string, Item>;
  /** Entries by the id of their parent record. */
  readonly entriesOf: Map<string, Set<Item>>;
  /** Who refers to a record: by its id, items and the attribute ids through which they do. */
  readonly referrers: Map<string, Map<Item, Set<string>>>;
  /** Records that a merge replaced, by old id, and what by. */
  readonly mergedInto: Map<string, string>;
  /** New records whose merge is still being applied. */
  readonly merging: Set<string>;
  readonly members: Map<string, Member>;
  readonly notes: Map<string, Note>;
  readonly tasks: Map<string, Task>;
  readonly threads: Map<string, Thread>;
  readonly meetings: Map<string, Meeting>;
  /** Meeting ids by the external reference that they were created with. */
  readonly externalMeetings: Map<string, string>;
  readonly recordings: Map<string, Recording>;
  readonly files: Map<string, StoredFile>;
  readonly random: Random;
  readonly listeners: Set<(event: SandboxEvent) => void>;
  /** Raised when slugs, titles or options change, so that cached JSON is written anew. */
  schemaVersion: number;
  now: () => Time;
}

/** What a fresh store may be given. */
export interface StoreOptions {
  /** Seeds the ids. */
  seed?: number;
  /** Milliseconds since 1970. */
  now?: () => number;
  workspaceName?: string;
  quirks?: Partial<Quirks>;
}

/** Who writes, and when, where it isn't the present and the default member. */
export interface WriteOptions {
  by?: Actor;
  at?: TimeInput;
}

/** Creates the state of a workspace that holds nothing. */
export function createState(options: StoreOptions = {}): State {
  const random = createRandom(options.seed ?? 1);
  const now = options.now ?? Date.now;
  const name = options.workspaceName ?? "Sandbox Company";
  return {
    workspace: { id: random.uuid(), name, slug: name.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-") },
    quirks: {
      mirrorEvents: true,
      cascadeEvents: true,
      createEmitsUpdates: false,
      choiceEvents: true,
      autoCompany: true,
      optionIdsInArraysIgnored: true,
      slowMerges: false,
      validationMs: 0,
      ...options.quirks,
    },
    ...emptyMaps(),
    random,
    schemaVersion: 0,
    now: () => toTime(now()),
  };
}

type Maps = Omit<State, "workspace" | "quirks" | "random" | "schemaVersion" | "now">;

function emptyMaps(): Maps {
  return {
    objects: new Map(),
    lists: new Map(),
    items: new Map(),
    entriesOf: new Map(),
    referrers: new Map(),
    mergedInto: new Map(),
    merging: new Set(),
    members: new Map(),
    notes: new Map(),
    tasks: new Map(),
    threads: new Map(),
    meetings: new Map(),
    externalMeetings: new Map(),
    recordings: new Map(),
    files: new Map(),
    listeners: new Set(),
  };
}

/** The actor of work that Attio does by itself. */
export const SYSTEM: Actor = { type: "system", id: null };

/** The actor that a workspace member is. */
export function memberActor(id: string): Actor {
  return { type: "workspace-member", id };
}

/** Time and actor of a write: what was given, else the present and the first member. */
export function stamp(state: State, options: WriteOptions): { at: Time; by: Actor } {
  const first = state.members.keys().next().value;
  const by = options.by ?? (first === undefined ? SYSTEM : memberActor(first));
  return { at: options.at === undefined ? state.now() : toTime(options.at), by };
}

/** Tells every listener of an event. */
export function emit(state: State, event: SandboxEvent): void {
  for (const listener of state.listeners) listener(event);
}
