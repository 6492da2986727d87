import type { AttioEntry, AttioRecord, RequestOptions } from "../../attio/index.ts";
import type { Cells } from "../../db/control/index.ts";
import type { Doorbell } from "../../db/queries/dirty.ts";
import type { JsonValue } from "../../lib/json.ts";
import type { ApplyTarget } from "../apply/target.ts";
import { targetOf, type RecordSource } from "../fetch/record-source.ts";
import type { FetchedRowsOf } from "../fetch/row-source.ts";
import type { Ticketed } from "../fetch/ticketed.ts";
import { entrySource, readRecord, recordSource } from "../mapping/read-record.ts";
import { UnknownChoiceError } from "../mapping/read-value.ts";
import { columnsOf, type AttributePlan, type RecordPlan } from "../mapping/record-plan.ts";
import type { Creation, Endpoint, Send, Written } from "./endpoint.ts";
import { findMade, type Made, type Wanted } from "./find-made.ts";
import type { PushDeps } from "./push-deps.ts";
import { SchemaRefresh } from "./schema-refresh.ts";
import { valuesIn } from "./write-form.ts";

/** Records of an object, or entries of a list. */
export class RecordEndpoint implements Endpoint {
  readonly forms = [];
  readonly #deps: PushDeps;
  readonly #source: RecordSource;
  /** The source's plan may change under way; the lanes' names are those of this one. */
  readonly #plan: RecordPlan;
  readonly #refresh: SchemaRefresh;

  constructor(deps: PushDeps, source: RecordSource) {
    this.#deps = deps;
    this.#source = source;
    this.#plan = source.plan;
    this.#refresh = new SchemaRefresh(deps, source.plan);
  }

  get target(): ApplyTarget {
    return targetOf(this.#plan);
  }

  get version(): number {
    return this.#plan.version;
  }

  get attributes(): readonly AttributePlan[] {
    return this.#plan.attributes;
  }

  get place(): readonly string[] {
    return this.#plan.kind === "list" ? ["parent_record_id"] : [];
  }

  keyOf(cells: Cells): AttributePlan | undefined {
    return this.attributes.find(
      (attribute) => attribute.unique && attribute.writable && valuesIn(attribute, cells).length > 0,
    );
  }

  recognizable(cells: Cells, recordId: string): Cells {
    const slug = this.#deps.externalIds.get(this.#plan.stream);
    const attribute = this.attributes.find((one) => one.slug === slug && one.unique);
    return attribute === undefined || this.keyOf(cells) !== undefined
      ? cells
      : { ...cells, [attribute.column]: recordId };
  }

  closedColumn(cells: Cells): string | undefined {
    const open = new Set(this.#plan.kind === "list" ? ["parent_object", "parent_record_id"] : []);
    for (const attribute of this.attributes)
      if (attribute.writable) for (const name of columnsOf(attribute)) open.add(name);
    return Object.keys(cells).find((column) => !open.has(column));
  }

  read(cells: Cells): Cells {
    return cells;
  }

  store(cells: Cells): Cells {
    return cells;
  }

  /** Who wrote a value tells that. */
  isAsSent(): boolean {
    return false;
  }

  fetch(id: string, options: RequestOptions): Promise<Ticketed<FetchedRowsOf>> {
    return this.#source.fetchOne(id, options);
  }

  findMade(wanted: Wanted): Promise<Made> {
    return findMade(this.#deps, { plan: this.#plan }, wanted);
  }

  async create({ local, values, key, made }: Creation, options: RequestOptions): Promise<Written> {
    const { client } = this.#deps;
    const plan = this.#plan;
    if (plan.kind === "list") {
      const parent = {
        parentRecordId: String(local.parent_record_id),
        parentObject: String(local.parent_object),
      };
      const how = made.kind === "free" ? "assert" : "create";
      return this.#written(await client.entries[how](plan.sourceId, { ...parent, values }, options));
    }
    return this.#written(
      key === undefined
        ? await client.records.create(plan.sourceId, values, options)
        : await client.records.assert(plan.sourceId, { matchingAttribute: key.id, values }, options),
    );
  }

  /** Values are added by PATCH; what takes one away replaces them all, by PUT. */
  async update(id: string, sends: readonly Send[], options: RequestOptions): Promise<Written> {
    const { client } = this.#deps;
    const plan = this.#plan;
    const replaces = sends.some(({ decision }) => decision.replaces);
    const values: Record<string, JsonValue> = {};
    for (const { attribute, decision } of sends)
      values[attribute.id] = replaces ? decision.values : decision.additions;
    const how = replaces ? "overwrite" : "update";
    return this.#written(
      plan.kind === "object"
        ? await client.records[how](plan.sourceId, { recordId: id, values }, options)
        : await client.entries[how](plan.sourceId, { entryId: id, values }, options),
    );
  }

  async delete(id: string, options: RequestOptions): Promise<{ threads: string[] }> {
    const { client } = this.#deps;
    const plan = this.#plan;
    await (plan.kind === "object"
      ? client.records.delete(plan.sourceId, id, options)
      : client.entries.delete(plan.sourceId, id, options));
    return { threads: [] };
  }

  refreshSchema(options: RequestOptions): Promise<boolean> {
    return this.#refresh.run(options);
  }

  doorbells(): Doorbell[] {
    return [];
  }

  #written(answer: AttioRecord | AttioEntry): Written {
    const source = "values" in answer ? recordSource(answer) : entrySource(answer);
    const written = { id: source.id, target: this.target };
    try {
      const row = readRecord(source, this.#plan, { raw: this.#deps.raw });
      return { ...written, row: "problem" in row ? undefined : row };
    } catch (error) {
      if (!(error instanceof UnknownChoiceError)) throw error;
      return { ...written, row: undefined };
    }
  }
}
