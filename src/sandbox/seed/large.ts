import type { AttributeInput } from "../store/attributes.ts";
import { addItem, removeItem } from "../store/items.ts";
import type { Attribute, Item, ObjectDef } from "../store/model.ts";
import { replaceSlot } from "../store/slots.ts";
import { SYSTEM, type State } from "../store/state.ts";
import type { SandboxStore } from "../store/store.ts";
import type { Json } from "../support/json.ts";
import { createRandom, type Random } from "../support/random.ts";
import { toTime } from "../support/time.ts";
import { parseValues } from "../values/parse.ts";
import { itemJson } from "../wire/items.ts";

/** How large the benchmark object is. */
export interface LargeOptions {
  records: number;
  /** Wanted size of a record's JSON, envelopes included; texts are filled up to it. At least about 7,000. */
  bytesPerRecord: number;
  seed: number;
  /** Slug of the object; `bench` if left out. */
  slug?: string;
  /** Its attributes beyond those of every object; 25 if left out. */
  attributes?: number;
}

const DEFAULT_ATTRIBUTES = 25;
const TYPES = ["text", "number", "checkbox", "currency", "date", "timestamp", "rating", "select", "status"];
const OPTIONS = ["North", "South", "East", "West"];
const BEGAN_MS = Date.parse("2024-01-01T00:00:00.000Z");
/** Texts are cut out of one long one, whose memory they share. */
const FILLING = "Обсудили сроки. The quick brown fox — über alle Berge — jumps over the lazy dog. ".repeat(
  2000,
);

/** Adds one custom object with attributes of mixed types for benchmarks, a record a second. Emits no events. */
export function seedLarge(store: SandboxStore, options: LargeOptions): ObjectDef {
  const { state } = store;
  const slug = options.slug ?? "bench";
  const object = store.createObject({
    slug,
    singular: "Benchmark",
    plural: "Benchmarks",
    createdAt: BEGAN_MS,
  });
  const attributes = definitions(options.attributes ?? DEFAULT_ATTRIBUTES).map((input) =>
    store.createAttribute(slug, input, { at: BEGAN_MS }),
  );
  const random = createRandom(options.seed);
  const textLength = measure(state, object, attributes, options);
  for (let index = 0; index < options.records; index++) {
    const record = addRecord(state, object, attributes, { random, index, textLength });
    // Written out at once, so that benchmarks don't measure the sandbox.
    itemJson(state, record);
  }
  return object;
}

interface Draw {
  readonly random: Random;
  readonly index: number;
  readonly textLength: number;
}

function definitions(length: number): AttributeInput[] {
  return Array.from({ length }, (_, index) => {
    const type = TYPES[index % TYPES.length] ?? "text";
    const choices = type === "select" || type === "status" ? { choices: OPTIONS } : {};
    const isMultiselect = type === "select" && index > TYPES.length;
    return { slug: `field_${index}`, title: `Field ${index}`, type, isMultiselect, ...choices };
  });
}

/** How long texts must be: by the size of trial records with short and with longer ones. */
function measure(
  state: State,
  object: ObjectDef,
  attributes: readonly Attribute[],
  options: LargeOptions,
): number {
  const sizeWith = (textLength: number): number => {
    const draw = { random: createRandom(options.seed), index: 0, textLength };
    const trial = addRecord(state, object, attributes, draw);
    const size = itemJson(state, trial).length;
    removeItem(state, trial);
    return size;
  };
  const base = sizeWith(1);
  const perCharacter = (sizeWith(1001) - base) / 1000;
  return Math.max(1, Math.round((options.bytesPerRecord - base) / perCharacter));
}

function addRecord(state: State, object: ObjectDef, attributes: readonly Attribute[], draw: Draw): Item {
  const createdAt = toTime(BEGAN_MS + draw.index * 1000);
  const record = addItem(state, object, { createdAt, createdBy: SYSTEM });
  for (const attribute of attributes) {
    const fields = parseValues(state, attribute, valueOf(attribute, draw), true);
    const active = fields.map((one) => ({ from: createdAt, until: null, actor: SYSTEM, fields: one }));
    replaceSlot(state, record, attribute, { active, past: [] });
  }
  return record;
}

function valueOf(attribute: Attribute, { random, index, textLength }: Draw): Json {
  switch (attribute.type) {
    case "text": {
      const start = random.int(1000);
      return FILLING.slice(start, start + textLength);
    }
    case "number":
      return random.int(1_000_000) / 100;
    case "checkbox":
      return random.chance(0.5);
    case "currency":
      return random.int(10_000_000) / 100;
    case "date":
      return toTime(BEGAN_MS + random.int(700) * 86_400_000).slice(0, 10);
    case "timestamp":
      return toTime(BEGAN_MS + index * 1000 + random.int(1000));
    case "rating":
      return random.int(6);
    default:
      return attribute.isMultiselect ? [...OPTIONS].slice(random.int(4)) : random.pick(OPTIONS);
  }
}
