import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { describe, expect, test } from "vitest";

const root = resolve(import.meta.dirname, "..");
const sourceFolder = join(root, "src");

/** What each part of `src` may import of the others; docs/architecture.md says why. A part may always import itself. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  lib: [],
  errors: [],
  config: ["lib", "errors"],
  logger: ["lib"],
  embedded: ["lib", "errors", "config", "logger"],
  attio: ["lib", "errors", "config", "logger"],
  db: ["lib", "errors", "config", "logger"],
  sync: ["lib", "errors", "config", "logger", "attio", "db"],
  sandbox: ["lib"],
  webhooks: ["lib", "errors", "config", "logger", "attio", "db", "sync"],
  metrics: ["lib", "logger", "db"],
  roles: [],
  workers: ["lib", "errors", "config", "logger", "attio", "db", "sync"],
  server: ["lib", "errors", "config", "logger", "db", "webhooks", "metrics"],
  daemon: [
    "lib",
    "errors",
    "config",
    "logger",
    "attio",
    "db",
    "sync",
    "webhooks",
    "metrics",
    "workers",
    "server",
    "roles",
  ],
  cli: [
    "lib",
    "errors",
    "config",
    "logger",
    "embedded",
    "attio",
    "db",
    "sync",
    "webhooks",
    "daemon",
    "roles",
    "sandbox",
  ],
  main: ["cli", "logger"],
};

/** Packages that belong to one part alone, since everything else must work without knowing of them. */
const PACKAGE_OWNERS: Readonly<Record<string, readonly string[]>> = {
  undici: ["attio", "sandbox"],
  "drizzle-orm": ["db", "sync"],
  postgres: ["db", "embedded", "sync"],
  fastify: ["sandbox", "server", "webhooks"],
  bullmq: ["workers"],
  ioredis: ["workers"],
  croner: ["config", "workers"],
  commander: ["cli"],
  "cli-progress": ["cli"],
  pino: ["logger"],
};

interface Source {
  /** Path below `src`. */
  file: string;
  part: string;
  text: string;
  /** Specifiers of all imports and re-exports. */
  imports: string[];
  /** Those that exist at run time: a circle of types alone harms nothing. */
  valueImports: string[];
}

const IMPORT =
  /(?:^|\n)\s*(?:import|export)\s[^;]*?from\s+"([^"]+)"|import\("([^"]+)"\)|(?:^|\n)import\s+"([^"]+)"/g;

function partOf(file: string): string {
  const [first = ""] = file.split("/");
  return first.replace(/\.ts$/, "");
}

const files = readdirSync(sourceFolder, { recursive: true, encoding: "utf8" }).filter((file) =>
  file.endsWith(".ts"),
);

const sources: Source[] = files.map((file) => {
  const text = readFileSync(join(sourceFolder, file), "utf8");
  const matches = [...text.matchAll(IMPORT)].map(([whole, a, b, c]) => ({ whole, to: a ?? b ?? c ?? "" }));
  const imports = matches.map(({ to }) => to);
  const valueImports = matches
    .filter(({ whole }) => !/^\s*(import|export) type/.test(whole))
    .map(({ to }) => to);
  return { file, part: partOf(file), text, imports, valueImports };
});

/** The file below `src` that a relative import means. */
function target(source: Source, specifier: string): string {
  return relative(sourceFolder, resolve(sourceFolder, dirname(source.file), specifier));
}

function packageOf(specifier: string): string {
  return specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");
}

describe("who imports whom", () => {
  test("there are sources to look at", () => {
    expect(sources.length).toBeGreaterThan(20);
  });

  test("every part of src has a rule", () => {
    expect([...new Set(sources.map(({ part }) => part))].filter((part) => !(part in ALLOWED))).toEqual([]);
  });

  test("a part imports only the parts below it", () => {
    const breaches = sources.flatMap((source) =>
      source.imports
        .filter((specifier) => specifier.startsWith("."))
        .map((specifier) => ({ from: source, part: partOf(target(source, specifier)) }))
        .filter(({ from, part }) => part !== from.part && ALLOWED[from.part]?.includes(part) !== true)
        .map(({ from, part }) => `${from.file}: ${from.part} must not import ${part}`),
    );
    expect(breaches).toEqual([]);
  });

  test("a package stays inside the part that owns it", () => {
    const breaches = sources.flatMap((source) =>
      source.imports
        .filter((specifier) => PACKAGE_OWNERS[packageOf(specifier)]?.includes(source.part) === false)
        .map(
          (specifier) =>
            `${source.file}: only ${PACKAGE_OWNERS[packageOf(specifier)]?.join(", ") ?? ""} may import ${specifier}`,
        ),
    );
    expect(breaches).toEqual([]);
  });

  test("no file imports itself in a circle", () => {
    const graph = new Map(
      sources.map((source) => [
        source.file,
        source.valueImports
          .filter((specifier) => specifier.startsWith("."))
          .map((specifier) => target(source, specifier)),
      ]),
    );
    expect(findCircle(graph)).toEqual([]);
  });

  test("imports of our own files end in .ts", () => {
    const breaches = sources.flatMap((source) =>
      source.imports
        .filter((specifier) => specifier.startsWith(".") && !specifier.endsWith(".ts"))
        .map((specifier) => `${source.file}: ${specifier}`),
    );
    expect(breaches).toEqual([]);
  });
});

describe("who touches the process", () => {
  const users = (pattern: RegExp, allowed: (source: Source) => boolean) =>
    sources.filter((source) => pattern.test(source.text) && !allowed(source)).map(({ file }) => file);

  test("only main reads the environment (and embedded hands it on to the server's programs)", () => {
    expect(
      users(/process\.env/, ({ part, file }) => part === "main" || file === "embedded/binaries.ts"),
    ).toEqual([]);
  });

  test("only main ends the process, and a child process itself", () => {
    expect(
      users(
        /process\.exit\b|process\.exitCode/,
        ({ part, file }) => part === "main" || file === "workers/backfill-child-main.ts",
      ),
    ).toEqual([]);
  });

  test("only cli may print to the console", () => {
    expect(users(/\bconsole\./, ({ part }) => part === "cli")).toEqual([]);
  });

  test("no default exports", () => {
    expect(users(/^export default/m, () => false)).toEqual([]);
  });
});

/** One circle of files, or nothing. Depth first; a file met again on the way down closes a circle. */
function findCircle(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): string[] => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file];
    if (done.has(file)) return [];
    for (const next of graph.get(file) ?? []) {
      const circle = visit(next, [...path, file]);
      if (circle.length > 0) return circle;
    }
    done.add(file);
    return [];
  };
  for (const file of graph.keys()) {
    const circle = visit(file, []);
    if (circle.length > 0) return circle;
  }
  return [];
}
