import { readdirSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import ts from "typescript";
import { beforeAll, expect, test } from "vitest";

const root = resolve(import.meta.dirname, "..", "..");
const sourceFolder = join(root, "src");

/** Make text safe to stand in SQL. They count only as what these two files export, not as whatever has their name. */
const QUOTING = new Set(["quoteIdentifier", "quoteLiteral", "mirrorTable"]);
const QUOTING_FILES = new Set(["db/mirror/identifiers.ts", "db/mirror/sql-names.ts"]);

/** What this test does not look through, by file and expression, and why it is no danger. */
const TRUSTED: Readonly<Record<string, string>> = {
  "cli/demo/questions.ts: sql": "the demo's questions, which stand in that file",
  "db/mirror/roles.ts: statement": "constants, and grants on mirrorTable()",
  "db/queries/compare.ts: one.test": "made a few lines above it, with quoteIdentifier()",
  "db/queries/fetch-sequence.ts: name": "quoted by PostgreSQL: format('%I.%I')",
  "sync/push/write-answer.ts: isLeft": "made in foreign-keys.ts, with quoteIdentifier()",
  "sync/push/write-answer.ts: park": "made in foreign-keys.ts, with quoteIdentifier()",
  "sync/push/write-answer.ts: mergeStatement(target, set, { keys, given, own, isRemoved: isStrictly })":
    "made there and in foreign-keys.ts, with quoteIdentifier(); test/push/own-columns.test.ts has such names",
  "sync/push/write-answer.ts: renameStatement(target, set, { keys, given })":
    "made there and in foreign-keys.ts, with quoteIdentifier()",
  "sync/push/write-answer.ts: updateStatement(target, set)": "made in that file, with quoteIdentifier()",
  "sync/schema/sync-fixed-writes.ts: planWrites(stream, await introspect(tx), writes)":
    "test/db/plan-source.property.test.ts runs what the plans are made of, on names of any text",
  "sync/schema/sync-schema.ts: statements":
    "views; test/security/names.property.test.ts makes them on names of any text",
  "sync/schema/sync-source.ts: plan.statements":
    "tables and columns; test/db/plan-source.property.test.ts runs them on names of any text",
  "sync/walk/absent.ts: child.orphaned": "constants of walk/child-streams.ts",
  "sync/walk/absent.ts: parents.hangsOn": "constants of walk/child-streams.ts",
};

/** A source that is there for this test alone: what it has to find, and what it must not. */
const EXAMPLE_FILE = join(sourceFolder, "db", "example-of-sql.ts");
const EXAMPLE = `
import type { Sql } from "./client.ts";
import { mirrorTable } from "./mirror/sql-names.ts";
import { quoteIdentifier as quoted } from "./mirror/identifiers.ts";
const impostor = { quoteIdentifier: (name: string) => name };
const { quoteIdentifier } = impostor;
export function bad(sql: Sql, name: string, names: string[], table: { name: string }) {
  let later = "SELECT 1";
  later += name;
  void sql.unsafe(\`SELECT * FROM \${name}\`);
  void sql.unsafe("SELECT * FROM " + name);
  void sql.unsafe(name);
  void sql.unsafe(later);
  void sql.unsafe(\`SELECT * FROM \${table.name}\`);
  void sql.unsafe(\`SELECT * FROM "\${String(name)}"\`);
  void sql.unsafe(\`SELECT \${names.join(", ")}\`);
  void sql.unsafe(\`SELECT \${names.map((one) => \`"\${one}"\`).join(", ")}\`);
  void sql.unsafe(\`SELECT * FROM \${quoteIdentifier(name)}\`);
  void sql.unsafe(\`SELECT * FROM \${mirrorTable(name)} WHERE id = '\${name}'\`);
  for (const one of names) void sql.unsafe(one);
  const handle = sql.unsafe;
  return handle;
}
export function good(sql: Sql, name: string, names: string[], count: number, how: "ASC" | "DESC") {
  const columns = names.map((one) => quoted(one));
  void sql.unsafe(\`SELECT \${columns.join(", ")} FROM \${mirrorTable(name)} ORDER BY 1 \${how} LIMIT \${count}\`);
  for (const one of names.map(mirrorTable)) void sql.unsafe(\`TRUNCATE \${one}\`);
}
`;

let program: ts.Program;
let checker: ts.TypeChecker;

beforeAll(() => {
  const files = readdirSync(sourceFolder, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts") && !file.startsWith("sandbox"))
    .map((file) => join(sourceFolder, file));
  const { config } = ts.readConfigFile(join(root, "tsconfig.json"), (file) => ts.sys.readFile(file)) as {
    config: { compilerOptions: object };
  };
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, root);
  const host = ts.createCompilerHost(options);
  const [readFile, fileExists] = [host.readFile.bind(host), host.fileExists.bind(host)];
  host.readFile = (file) => (file === EXAMPLE_FILE ? EXAMPLE : readFile(file));
  host.fileExists = (file) => file === EXAMPLE_FILE || fileExists(file);
  program = ts.createProgram({ rootNames: [...files, EXAMPLE_FILE], options, host });
  checker = program.getTypeChecker();
});

/** Parameters whose arguments were looked at where the function is called. */
type Known = ReadonlySet<ts.Symbol>;
const NOTHING: Known = new Set();

function fileOf(node: ts.Node): string {
  return relative(sourceFolder, node.getSourceFile().fileName);
}

function isTrusted(node: ts.Node): boolean {
  return `${fileOf(node)}: ${node.getText()}` in TRUSTED;
}

/** The declaration that a name means, through imports. */
function declarationOf(name: ts.Node): ts.Declaration | undefined {
  let symbol = checker.getSymbolAtLocation(name);
  if (symbol !== undefined && (symbol.flags & ts.SymbolFlags.Alias) !== 0)
    symbol = checker.getAliasedSymbol(symbol);
  return symbol?.valueDeclaration;
}

function isQuoting(name: ts.Expression): boolean {
  const declaration = declarationOf(name);
  return (
    declaration !== undefined &&
    ts.isFunctionDeclaration(declaration) &&
    QUOTING.has(declaration.name?.text ?? "") &&
    QUOTING_FILES.has(fileOf(declaration))
  );
}

/** Whether its values are known from its type: numbers, booleans, and texts that stand in the source. */
function isClosed(type: ts.Type): boolean {
  if (type.isUnion()) return type.types.every(isClosed);
  return (
    (type.flags &
      (ts.TypeFlags.NumberLike |
        ts.TypeFlags.BooleanLike |
        ts.TypeFlags.StringLiteral |
        ts.TypeFlags.BigIntLike)) !==
    0
  );
}

/** Whether a text holds nothing but what the source says and what was quoted. */
function isSafe(node: ts.Expression, known: Known = NOTHING): boolean {
  if (ts.isParenthesizedExpression(node) || ts.isAsExpression(node) || ts.isAwaitExpression(node))
    return isSafe(node.expression, known);
  if (ts.isStringLiteralLike(node)) return true;
  if (ts.isTemplateExpression(node))
    return node.templateSpans.every((span) => isSafe(span.expression, known));
  if (ts.isConditionalExpression(node)) return isSafe(node.whenTrue, known) && isSafe(node.whenFalse, known);
  if (ts.isBinaryExpression(node)) return isSafe(node.left, known) && isSafe(node.right, known);
  if (isTrusted(node) || isClosed(checker.getTypeAtLocation(node))) return true;
  if (ts.isCallExpression(node)) return isSafeCall(node, known);
  if (ts.isIdentifier(node)) return isSafeName(node, known);
  return false;
}

function isSafeCall(call: ts.CallExpression, known: Known): boolean {
  const { expression: callee, arguments: args } = call;
  if (isQuoting(callee)) return true;
  if (callee.getText() === "String") return args.every((argument) => isSafe(argument, known));
  if (ts.isPropertyAccessExpression(callee) && callee.name.text === "join")
    return args.every((argument) => isSafe(argument, known)) && hasSafeElements(callee.expression, known);
  const made = functionOf(callee);
  return made !== undefined && isSafeResult(made, args, known);
}

/** A function is looked through; its parameters are as safe as what this call gives for them. */
function isSafeResult(
  made: ts.ArrowFunction | ts.FunctionDeclaration,
  args: readonly ts.Expression[],
  known: Known,
): boolean {
  const given = new Set(known);
  for (const [place, parameter] of made.parameters.entries()) {
    const argument = args[place];
    const symbol = checker.getSymbolAtLocation(parameter.name);
    if (symbol !== undefined && argument !== undefined && isSafe(argument, known)) given.add(symbol);
  }
  return resultsOf(made).every((result) => isSafe(result, given));
}

function functionOf(name: ts.Expression): ts.ArrowFunction | ts.FunctionDeclaration | undefined {
  if (ts.isArrowFunction(name)) return name;
  const declaration = declarationOf(name);
  if (declaration === undefined) return undefined;
  if (ts.isFunctionDeclaration(declaration)) return declaration;
  if (!ts.isVariableDeclaration(declaration) || declaration.initializer === undefined) return undefined;
  return ts.isArrowFunction(declaration.initializer) ? declaration.initializer : undefined;
}

function resultsOf({ body }: ts.ArrowFunction | ts.FunctionDeclaration): ts.Expression[] {
  if (body === undefined) return [];
  if (!ts.isBlock(body)) return [body];
  const results: ts.Expression[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isFunctionLike(node)) return;
    if (ts.isReturnStatement(node) && node.expression !== undefined) results.push(node.expression);
    ts.forEachChild(node, visit);
  };
  visit(body);
  return results;
}

function isSafeName(name: ts.Identifier, known: Known): boolean {
  const symbol = checker.getSymbolAtLocation(name);
  if (symbol !== undefined && known.has(symbol)) return true;
  const declaration = declarationOf(name);
  if (declaration === undefined) return false;
  if (ts.isBindingElement(declaration)) return isSafePart(declaration, known);
  if (!ts.isVariableDeclaration(declaration) || !isConst(declaration)) return false;
  const loop = declaration.parent.parent;
  if (ts.isForOfStatement(loop)) return hasSafeElements(loop.expression, known);
  return declaration.initializer !== undefined && isSafe(declaration.initializer, known);
}

/** `const [a, b] = [one, other]`: each has its own. */
function isSafePart(element: ts.BindingElement, known: Known): boolean {
  const { parent: pattern } = element;
  if (!ts.isArrayBindingPattern(pattern) || !ts.isVariableDeclaration(pattern.parent)) return false;
  const { initializer } = pattern.parent;
  if (initializer === undefined || !ts.isArrayLiteralExpression(initializer)) return false;
  const given = initializer.elements[pattern.elements.indexOf(element)];
  return given !== undefined && isConst(pattern.parent) && isSafe(given, known);
}

function isConst(declaration: ts.VariableDeclaration): boolean {
  return (ts.getCombinedNodeFlags(declaration) & ts.NodeFlags.Const) !== 0;
}

function hasSafeElements(list: ts.Expression, known: Known): boolean {
  if (isTrusted(list)) return true;
  if (ts.isArrayLiteralExpression(list))
    return list.elements.every((one) =>
      ts.isSpreadElement(one) ? hasSafeElements(one.expression, known) : isSafe(one, known),
    );
  if (ts.isConditionalExpression(list))
    return hasSafeElements(list.whenTrue, known) && hasSafeElements(list.whenFalse, known);
  if (ts.isIdentifier(list)) {
    const declaration = declarationOf(list);
    return (
      declaration !== undefined &&
      ts.isVariableDeclaration(declaration) &&
      isConst(declaration) &&
      declaration.initializer !== undefined &&
      hasSafeElements(declaration.initializer, known)
    );
  }
  if (!ts.isCallExpression(list) || !ts.isPropertyAccessExpression(list.expression)) return false;
  const { expression: mapped, name } = list.expression;
  const [how] = list.arguments;
  if (name.text === "filter") return hasSafeElements(mapped, known);
  if (name.text !== "map" || how === undefined) return false;
  if (isQuoting(how)) return true;
  const made = functionOf(how);
  if (made === undefined) return false;
  const [element] = made.parameters;
  const symbol = element === undefined ? undefined : checker.getSymbolAtLocation(element.name);
  const isKnown = symbol !== undefined && hasSafeElements(mapped, known);
  return isSafeResult(made, [], isKnown ? new Set([...known, symbol]) : known);
}

/** What text becomes SQL as it is, by postgres.js's `unsafe` or Drizzle's `raw`; the whole node where that can't be told. */
function textsOf(source: ts.SourceFile): ts.Node[] {
  const texts: ts.Node[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isPropertyAccessExpression(node) && ["unsafe", "raw"].includes(node.name.text)) {
      const { parent: call } = node;
      const isCalled = ts.isCallExpression(call) && call.expression === node;
      if (isCalled) texts.push(call.arguments[0] ?? call);
      // A handle on it could be called anywhere. A field of this name is no function.
      else if (checker.getTypeAtLocation(node).getCallSignatures().length > 0) texts.push(node);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return texts;
}

function breachesIn(sources: readonly ts.SourceFile[]): string[] {
  return sources
    .flatMap(textsOf)
    .filter((text) => !ts.isExpression(text) || !isSafe(text))
    .map((text) => {
      const { line } = text.getSourceFile().getLineAndCharacterOfPosition(text.getStart());
      return `${fileOf(text)}:${line + 1}: ${text.getText().slice(0, 200)}`;
    });
}

test("no text becomes SQL but what the source says and what the quoting helpers made", () => {
  const own = program
    .getSourceFiles()
    .filter(({ fileName }) => fileName.startsWith(`${sourceFolder}/`) && fileName !== EXAMPLE_FILE);
  expect(own.flatMap(textsOf).length).toBeGreaterThan(40);
  expect(breachesIn(own)).toEqual([]);
});

test("any other text would be found", () => {
  const example = program.getSourceFile(EXAMPLE_FILE);
  if (example === undefined) throw new Error("the example was not read");
  const texts = textsOf(example).map((text) => text.getText());
  const endOfBad = texts.indexOf("sql.unsafe");
  expect(endOfBad).toBe(11);
  expect(breachesIn([example]).map((breach) => breach.replace(/^.*?: /, ""))).toEqual(
    texts.slice(0, endOfBad + 1),
  );
  expect(texts.length).toBe(endOfBad + 3);
});

test("what is trusted is still there", () => {
  const own = program.getSourceFiles().filter(({ fileName }) => fileName.startsWith(`${sourceFolder}/`));
  const seen = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (ts.isExpression(node) && isTrusted(node)) seen.add(`${fileOf(node)}: ${node.getText()}`);
    ts.forEachChild(node, visit);
  };
  own.forEach(visit);
  expect([...seen].toSorted()).toEqual(Object.keys(TRUSTED).toSorted());
});
