import { columnsOf, type AttributePlan } from "./record-plan.ts";

type Columns = Record<string, unknown>;

interface Source {
  fixed: Readonly<Columns>;
  values: Readonly<Columns>;
}

const MOST_KNOWN = 100;

/**
 * Rows to start from, all columns NULL. An object that is given its columns one by one becomes a hash table, which
 * costs several times the time and the memory of one that is copied whole from another.
 */
export class BlankRows {
  readonly #attributes: readonly AttributePlan[];
  /** By the attributes that are left out, which are the same ones in all records for as long as the schema rests. */
  readonly #known = new Map<string, Columns>();

  constructor(attributes: readonly AttributePlan[]) {
    this.#attributes = attributes;
  }

  /** A row with the fixed columns filled, and without those of attributes that have no key in `values`. */
  create(source: Source): Columns {
    let absent = "";
    for (const { id, slug } of this.#attributes) if (!Object.hasOwn(source.values, slug)) absent += id;
    const blank = this.#known.get(absent) ?? this.#learn(absent, source);
    return Object.assign({ ...blank }, source.fixed);
  }

  #learn(absent: string, { fixed, values }: Source): Columns {
    const columns = this.#attributes.filter(({ slug }) => Object.hasOwn(values, slug)).flatMap(columnsOf);
    const row = Object.fromEntries([...Object.keys(fixed), ...columns].map((column) => [column, null]));
    // Only an object that came out of the parser has its properties in the form that is copied at once.
    const blank = JSON.parse(JSON.stringify(row)) as Columns;
    // Records that each leave out something else would fill the memory.
    if (this.#known.size >= MOST_KNOWN) this.#known.clear();
    this.#known.set(absent, blank);
    return blank;
  }
}
