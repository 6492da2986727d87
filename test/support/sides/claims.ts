import type postgres from "postgres";
import type { Item, Sandbox } from "../../../src/sandbox/index.ts";
import type { Value } from "./acts.ts";
import type { OtherHands } from "./other-hands.ts";

/**
 * What must be so in Attio in the end: `{ id, slug: "job_title", value: "one", kind: "is" }`. A part of a value has its
 * own slug, such as `name.last_name`.
 */
interface Claim {
  /** The row, under the id that it had when it was written: its provisional one, or Attio's. */
  readonly id: string;
  readonly slug: string;
  readonly value: Value;
  /** `is`: written here last. `has`: a member was added here. `holds`: so was a unique one. `stands`: so after a conflict too. */
  readonly kind: "is" | "has" | "holds" | "stands";
  readonly at: number;
}

/** What can't be held against anybody any more: somebody changed it there, or nobody knows what became of it. */
interface Release {
  /** All rows, if left out. */
  readonly id?: string;
  /** All values of the row, if left out; an attribute stands for its parts too. */
  readonly slug?: string;
  readonly value?: Value;
  readonly at: number;
}

/** Values that were written here, and what has become of them in Attio. */
export class Claims {
  readonly #sandbox: Sandbox;
  readonly #user: postgres.Sql;
  readonly #hands: OtherHands;
  readonly #claims: Claim[] = [];
  readonly #releases: Release[] = [];
  #clock = 0;

  /** @param user a user's own connection, which may read everything */
  constructor(sandbox: Sandbox, user: postgres.Sql, hands: OtherHands) {
    this.#sandbox = sandbox;
    this.#user = user;
    this.#hands = hands;
  }

  /** A value was written here, and captured. */
  is(id: string, slug: string, value: Value): void {
    this.#claims.push({ id, slug, value, kind: "is", at: ++this.#clock });
  }

  /** A member of a list was added here. */
  has(id: string, slug: string, value: Value): void {
    this.#claims.push({ id, slug, value, kind: "has", at: ++this.#clock });
  }

  /** A unique value was given to a row here, and left the one that had it. */
  holds(id: string, slug: string, value: Value): void {
    this.#claims.push({ id, slug, value, kind: "holds", at: ++this.#clock });
  }

  /** Both sides wrote a value, and this is the one that has to be left. */
  stands(id: string, slug: string, value: Value): void {
    this.#claims.push({ id, slug, value, kind: "stands", at: ++this.#clock });
  }

  /** Somebody changed it there, or nobody knows whether it was written here. */
  forget(id: string, slug: string): void {
    this.#releases.push({ id, slug, at: ++this.#clock });
  }

  /** As `forget`, of all values of a row: it is deleted, or becomes one with another. */
  forgetRow(...ids: readonly string[]): void {
    for (const id of ids) this.#releases.push({ id, at: ++this.#clock });
  }

  /** As `forget`, of a list's member, whatever row has it. */
  forgetMember(slug: string, ...values: readonly Value[]): void {
    for (const value of values) this.#releases.push({ slug, value, at: ++this.#clock });
  }

  /** As `forget`, of any row. */
  forgetAll(slug: string): void {
    this.#releases.push({ slug, at: ++this.#clock });
  }

  /**
   * Values that are neither in Attio nor accounted for. A row that others deleted, or that a conflict or a refusal was
   * recorded of, may have lost its value.
   */
  async lost(): Promise<string[]> {
    const unpushed = await this.#ids(`SELECT record_id AS id FROM attio.changes WHERE status <> 'pushed'`);
    const conflicts = await this.#ids(`SELECT record_id AS id FROM attio_sync.conflicts`);
    const today = await this.#today();
    const last = new Map<string, Claim>();
    for (const claim of this.#claims) {
      const id = today(claim.id);
      const key = keyOf(claim, id);
      const isReleased = this.#releases.some(
        (release) =>
          release.at > claim.at &&
          (release.id === undefined || today(release.id) === id) &&
          (release.slug === undefined ||
            release.slug === claim.slug ||
            claim.slug.startsWith(`${release.slug}.`)) &&
          (release.value === undefined || release.value === claim.value),
      );
      // What a reference pointed at was deleted here since, and another record may have its id by now.
      const isTargetGone = this.#releases.some(
        (release) => release.at > claim.at && release.slug === undefined && release.id === claim.value,
      );
      last.delete(key);
      if (!isReleased && !isTargetGone) last.set(key, claim);
    }
    const lost: string[] = [];
    for (const claim of last.values()) {
      const ids = [claim.id, today(claim.id)];
      if (ids.some((id) => unpushed.has(id))) continue;
      if (claim.kind !== "stands" && ids.some((id) => conflicts.has(id))) continue;
      const wrong = this.#wrongWith(claim, today);
      if (wrong !== undefined) lost.push(`${ids.join(" now ")} ${claim.slug}: ${wrong}`);
    }
    return lost;
  }

  #wrongWith({ id, slug, value, kind }: Claim, today: (id: string) => string): string | undefined {
    const { items } = this.#sandbox.store.state;
    const item = items.get(today(id));
    if (item === undefined) {
      const isTheirs = [id, today(id)].some((one) => this.#hands.deleted(one) || this.#hands.merged(one));
      return isTheirs ? undefined : `the record is gone, and with it ${String(value)}`;
    }
    const there = valuesOf(this.#sandbox, item, slug);
    let wanted = value;
    if (typeof value === "string" && isId(value)) {
      // What it refers to may be gone by now, and the reference with it.
      wanted = this.#hands.today(today(value));
      if (!items.has(wanted)) return undefined;
    }
    const isMember = kind === "has" || kind === "holds";
    const isThere = isMember ? there.some((one) => one === wanted) : (there[0] ?? null) === wanted;
    return isThere
      ? undefined
      : `${JSON.stringify(there)}, ${isMember ? "without" : "not"} ${String(wanted)}`;
  }

  async #ids(query: string): Promise<Set<string>> {
    const rows = await this.#user.unsafe<{ id: string }[]>(query);
    return new Set(rows.map(({ id }) => id));
  }

  /** Today's id of every row that is claimed, forgotten or referred to. */
  async #today(): Promise<(id: string) => string> {
    const named = [
      ...this.#claims.flatMap(({ id, value }) => [id, value]),
      ...this.#releases.map(({ id }) => id),
    ];
    const ids = [...new Set(named.filter((one) => typeof one === "string" && isId(one)))] as string[];
    const rows = await this.#user<{ id: string; now: string }[]>`
      SELECT id, attio.current_id(id) AS now FROM unnest(${ids}::uuid[]) AS t(id)`;
    const current = new Map(rows.map(({ id, now }) => [id, now]));
    return (id) => current.get(id) ?? id;
  }
}

/** Of the claims with one key only the last counts. */
function keyOf({ kind, slug, value }: Claim, id: string): string {
  const [member, holder] = [kind === "has" || kind === "holds", kind === "holds" ? "" : id];
  return JSON.stringify([holder, slug, member ? value : undefined]);
}

function isId(text: string): boolean {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text);
}

/** The values of an attribute, or of a part of it, as SQL has them. */
function valuesOf(sandbox: Sandbox, item: Item, slug: string): (string | number | null)[] {
  const [attribute = "", part] = slug.split(".");
  return sandbox.store.values(item, attribute).active.map(({ fields }) => {
    const all = fields as Record<string, unknown>;
    const value =
      part === undefined ? NAMED.map((name) => all[name]).find((one) => one !== undefined) : all[part];
    return typeof value === "string" || typeof value === "number" ? value : null;
  });
}

/** Where the types that are played have their value. */
const NAMED = ["value", "currency_value", "full_name", "email_address", "domain", "target_record_id"];
