import { AttioNotFoundError, type RequestOptions } from "../../attio/index.ts";
import type { Cells } from "../../db/control/index.ts";
import { readObjectSlugs } from "../../db/queries/catalog.ts";
import type { Doorbell } from "../../db/queries/dirty.ts";
import type { ApplyTarget } from "../apply/target.ts";
import { FIXED_TARGETS, fixedRowSource } from "../fetch/fixed-sources.ts";
import type { FetchedRowsOf } from "../fetch/row-source.ts";
import type { Ticketed } from "../fetch/ticketed.ts";
import type { AttributePlan } from "../mapping/record-plan.ts";
import type { MappedRow } from "../mapping/row.ts";
import type { WritableStream } from "../streams.ts";
import type { Creation, Endpoint, Send, Written } from "./endpoint.ts";
import { only, withoutKnown, type Made, type Wanted } from "./find-made.ts";
import type { Forms } from "./forms.ts";
import type { PushDeps } from "./push-deps.ts";
import { COMMENTS } from "./resources/comments.ts";
import { NOTES } from "./resources/notes.ts";
import type { Resource } from "./resources/resource.ts";
import { TASKS } from "./resources/tasks.ts";

const RESOURCES: Readonly<Record<WritableStream, Resource>> = {
  notes: NOTES,
  tasks: TASKS,
  comments: COMMENTS,
};

/** A resource with a fixed table. Nothing in it is unique, so what a lost request made is told by actor, time and content. */
export class ResourceEndpoint implements Endpoint {
  readonly target: ApplyTarget;
  readonly version = undefined;
  readonly #deps: PushDeps;
  readonly #stream: WritableStream;
  readonly #resource: Resource;
  /** Slugs by object id. */
  readonly #slugs: ReadonlyMap<string, string>;

  constructor(deps: PushDeps, stream: WritableStream, slugs: ReadonlyMap<string, string>) {
    this.#deps = deps;
    this.#stream = stream;
    this.#slugs = slugs;
    this.#resource = RESOURCES[stream];
    this.target = FIXED_TARGETS[stream];
  }

  static async open(deps: PushDeps, stream: WritableStream): Promise<ResourceEndpoint> {
    return new ResourceEndpoint(deps, stream, await readObjectSlugs(deps.db.sql));
  }

  get attributes(): readonly AttributePlan[] {
    return this.#resource.attributes;
  }

  get place(): readonly string[] {
    return this.#resource.place;
  }

  get forms(): Forms {
    return this.#resource.forms;
  }

  keyOf(): undefined {
    return undefined;
  }

  recognizable(cells: Cells): Cells {
    return cells;
  }

  closedColumn(): undefined {
    return undefined;
  }

  read(cells: Cells): Cells {
    return this.#resource.read?.(cells, this.#slugs) ?? cells;
  }

  store(cells: Cells): Cells {
    return this.#resource.store?.(cells) ?? cells;
  }

  isAsSent(attribute: AttributePlan, sent: Cells, there: Cells): boolean {
    return this.#resource.isAsSent(attribute, sent, there);
  }

  fetch(id: string, options: RequestOptions): Promise<Ticketed<FetchedRowsOf>> {
    return fixedRowSource(this.#deps, this.#stream).fetchOne(id, options);
  }

  async findMade({ local, attempted, sinceMs, options }: Wanted): Promise<Made> {
    if (!attempted) return { kind: "free" };
    const rows = await this.#madeSince(local, sinceMs, options);
    const alike = rows.filter(
      ({ columns }) =>
        Date.parse(String(columns.created_at)) >= sinceMs &&
        this.#isByUs(columns) &&
        this.#resource.isMadeOf(this.read(columns), local),
    );
    return only((await withoutKnown(this.#deps, alike, (row) => row.id)).map(({ id }) => id));
  }

  async create(creation: Creation, options: RequestOptions): Promise<Written> {
    return this.#written(await this.#resource.create(this.#deps.client, creation, options));
  }

  async update(id: string, sends: readonly Send[], options: RequestOptions): Promise<Written> {
    return this.#written(await this.#resource.update(this.#deps.client, id, sends, options));
  }

  delete(id: string, options: RequestOptions): Promise<{ threads: string[] }> {
    return this.#resource.delete(this.#deps.client, id, options);
  }

  /** Fixed tables have none. */
  refreshSchema(): Promise<boolean> {
    return Promise.resolve(false);
  }

  doorbells(row: MappedRow): Doorbell[] {
    return this.#resource.doorbells(row);
  }

  /** At what is not there (any more) nothing was made. */
  async #madeSince(local: Cells, sinceMs: number, options: RequestOptions): Promise<readonly MappedRow[]> {
    try {
      return await this.#resource.madeSince(this.#deps.client, local, sinceMs, options);
    } catch (error) {
      if (error instanceof AttioNotFoundError) return [];
      throw error;
    }
  }

  #isByUs({ created_by_actor_id: by = null }: Cells): boolean {
    const { ownActor } = this.#deps;
    return ownActor === null || by === null || by === ownActor;
  }

  #written(row: MappedRow): Written {
    return { id: row.id, target: this.target, row };
  }
}
