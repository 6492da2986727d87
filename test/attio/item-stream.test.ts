import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BodyError } from "../../src/attio/body-error.ts";
import { ItemStream } from "../../src/attio/item-stream.ts";

function feed(
  text: string,
  cuts: readonly number[] = [],
): { items: unknown[]; rest: Record<string, unknown> } {
  const bytes = Buffer.from(text);
  const stream = new ItemStream((item) => item);
  const ends = [...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
  let start = 0;
  for (const end of ends) {
    stream.write(bytes.subarray(start, end));
    start = end;
  }
  return stream.end();
}

function faultOf(text: string): string | undefined {
  try {
    feed(text);
    return undefined;
  } catch (error) {
    return error instanceof BodyError ? error.fault : String(error);
  }
}

describe("item stream", () => {
  const anyItem = fc.jsonValue({ maxDepth: 4 });
  const anyRest = fc.dictionary(
    fc.string().filter((key) => key !== "data"),
    anyItem,
  );
  const anyCuts = fc.array(fc.nat(), { maxLength: 20 });
  const anySpace = fc.constantFrom(undefined, 1, 2, "\t");

  it("equals JSON.parse for any JSON and any chunking", () => {
    fc.assert(
      fc.property(
        anyRest,
        fc.array(anyItem),
        anyRest,
        anyCuts,
        anySpace,
        (before, data, after, cuts, space) => {
          const text = JSON.stringify({ ...before, data, ...after }, null, space);
          const { items, rest } = feed(text, cuts);
          const expected = JSON.parse(text) as Record<string, unknown>;
          expect(items).toEqual(expected.data);
          expect({ ...rest, data: items }).toEqual(expected);
        },
      ),
      { numRuns: 500 },
    );
  });

  it("equals JSON.parse where items begin alike and hold what looks like the border between two", () => {
    const opening = '{"id":{"workspace_id":"w"}';
    const decoys = fc.constantFrom(`},${opening}`, `${opening},`, "},{", "é", "x".repeat(300_000));
    const like = fc.record({
      id: fc.constant({ workspace_id: "w" }),
      text: fc.oneof(fc.string(), decoys),
      inner: fc.array(fc.constant({ id: { workspace_id: "w" } }), { maxLength: 3 }),
    });
    const unlike = fc.constantFrom<unknown>({ other: 1 }, [1], "id", 7);
    const anyItems = fc.array(fc.oneof({ weight: 5, arbitrary: like }, unlike), { maxLength: 8 });
    fc.assert(
      fc.property(anyItems, anyCuts, anySpace, (data, cuts, space) => {
        const text = JSON.stringify({ data, next: null }, null, space);
        expect(feed(text, cuts)).toEqual({ items: data, rest: { data: [], next: null } });
      }),
      { numRuns: 500 },
    );
  });

  it("equals JSON.parse when every byte comes alone", () => {
    const text = JSON.stringify({
      count: "[{",
      nested: { data: [1, 2], "a\\": "\\" },
      data: [{ a: 'q"\\"\\\\', b: "]}" }, [], {}, "é😀\u0000", -1.5e10, null, [[["\\"]]]],
      pagination: { next_cursor: null },
    });
    const bytes = Buffer.from(text);
    const { items, rest } = feed(
      text,
      Array.from({ length: bytes.length }, (_, index) => index),
    );
    expect({ ...rest, data: items }).toEqual(JSON.parse(text));
  });

  it("finds the list under an escaped spelling of its key", () => {
    expect(feed('{"d\\u0061ta":[1]}').items).toEqual([1]);
  });

  it("rejects every proper prefix of a body", () => {
    const text = '{"a":{"data":[1]},"data":[{"x":[1,"]"]},2],"pagination":{"next_cursor":"c"}}';
    for (let end = 0; end < text.length; end += 1) expect(faultOf(text.slice(0, end))).toBe("truncated");
  });

  it.each([
    ['{"data":[]}x', "truncated"],
    ['{"data":[1]}{}', "truncated"],
    ['{"data":[1,]}', "not_json"],
    ['{"data":[,1]}', "not_json"],
    ['{"data":[1 2]}', "not_json"],
    ['{"data":[{]}]}', "not_json"],
    ['{"data":[1}}', "not_json"],
    ["<!DOCTYPE html><p>[1]</p>", "not_json"],
    ['{"data":{}}', "unexpected_shape"],
    ['{"items":[]}', "unexpected_shape"],
    ["[1]", "unexpected_shape"],
    ["null", "unexpected_shape"],
  ])("rejects %s as %s", (text, fault) => {
    expect(faultOf(text)).toBe(fault);
  });

  it("agrees with JSON.parse on what is JSON, for any damage", () => {
    const base = '{"data":[{"a":"b\\"]"},[1,2],"x"],"n":[{}]}';
    fc.assert(
      fc.property(
        fc.nat(base.length - 1),
        fc.constantFrom("{", "}", "[", "]", ",", ":", '"', "\\", " ", "1", "a"),
        anyCuts,
        (at, char, cuts) => {
          const text = base.slice(0, at) + char + base.slice(at + 1);
          let parsed: { data?: unknown } | undefined;
          try {
            parsed = JSON.parse(text) as { data?: unknown };
          } catch {
            parsed = undefined;
          }
          if (Array.isArray(parsed?.data)) expect(feed(text, cuts).items).toEqual(parsed.data);
          else expect(faultOf(text)).toBeDefined();
        },
      ),
      { numRuns: 2000 },
    );
  });

  it("never quotes the body in an error", () => {
    for (const text of ['{"data":[{"secret-value"}]}', '{"data":[],"secret-value"}', "secret-value"]) {
      expect(() => feed(text)).toThrow(BodyError);
      expect(() => feed(text)).not.toThrow(/secret-value/);
    }
  });
});
