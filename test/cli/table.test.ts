import { describe, expect, test } from "vitest";
import { drawTable } from "../../src/cli/table.ts";
import { cutTo, printable, textWidth } from "../../src/cli/text-width.ts";

test("a table has a ruled head, texts to the left and numbers to the right", () => {
  const drawn = drawTable(
    ["stage", "deals"],
    [
      ["Lead", 1200],
      ["Won", null],
      ["Lost", 7],
    ],
  );
  expect(drawn).toBe(
    [" stage │ deals", "───────┼───────", " Lead  │ 1,200", " Won   │", " Lost  │     7", ""].join("\n"),
  );
});

test("a table without rows is its head", () => {
  expect(drawTable(["a"], [])).toBe(" a\n───\n");
});

test("data cannot move the cursor, change colours, break lines or reverse the text", () => {
  expect(printable("a\u001b[2Jb\r\nc\u202ed\t")).toBe("a [2Jb c d");
});

describe("a text's width", () => {
  test.each([
    ["abc", 3],
    ["é", 1],
    ["e\u0301", 1],
    ["日本", 4],
    ["🚀", 2],
  ])("%s is %i columns", (text, width) => {
    expect(textWidth(text)).toBe(width);
  });

  test("is kept to the limit by a cut that leaves no half character", () => {
    expect(cutTo("abcdef", 4)).toBe("abc…");
    expect(cutTo("日本語", 4)).toBe("日…");
    expect(cutTo("abcd", 4)).toBe("abcd");
  });
});
