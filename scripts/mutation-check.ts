// Breaks the guards of scripts/mutation/guards.ts one by one, in a copy of the tree, and expects a test to fail each time.
// Usage: mutation-check [PART OF A GUARD'S NAME]
import { startTestServer } from "../test/support/server.ts";
import { GUARDS, type Guard } from "./mutation/guards.ts";
import { expectGuards, makeCopy, type Fate } from "./mutation/run-mutant.ts";

const SIDE_BY_SIDE = 2;

async function checkAll(guards: readonly Guard[]): Promise<number> {
  const server = await startTestServer(process.env["DATABASE_URL"]);
  const left = [...guards];
  let caught = 0;
  const work = async () => {
    const copy = await makeCopy(server.adminUrl);
    try {
      for (let guard = left.shift(); guard !== undefined; guard = left.shift()) {
        const began = Date.now();
        const fate = await copy.try(guard);
        if (fate.kind === "caught") caught += 1;
        printLine(guard, describe(fate), `${((Date.now() - began) / 1_000).toFixed(1)} s`);
      }
    } finally {
      await copy.remove();
    }
  };
  try {
    await Promise.all(Array.from({ length: SIDE_BY_SIDE }, work));
  } finally {
    await server.stop();
  }
  return caught;
}

function describe(fate: Fate): string {
  if (fate.kind === "caught") return fate.by;
  return fate.kind === "survived" ? "SURVIVED" : `UNCLEAR: ${fate.why}`;
}

function printLine({ name, file }: Pick<Guard, "name" | "file">, by: string, seconds: string): void {
  console.log(`${name.padEnd(45)}  ${file.padEnd(36)}  ${seconds.padStart(7)}  ${by}`);
}

const [part = ""] = process.argv.slice(2);
const guards = GUARDS.filter(({ name }) => name.includes(part));
await expectGuards(GUARDS);
printLine({ name: "guard", file: "file" }, "caught by", "time");
const caught = await checkAll(guards);
console.log(`${caught} of ${guards.length} caught`);
process.exitCode = caught === guards.length && caught > 0 ? 0 : 1;
