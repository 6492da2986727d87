// Fails for a known vulnerability of level high or above in what is installed at run time. A registry that answers no audits
// is no reason to fail, but is said.
import { spawnSync } from "node:child_process";

const LEVELS = ["high", "critical"];

const { stdout } = spawnSync("npm", ["audit", "--omit=dev", "--json"], { encoding: "utf8" });
const report = parse(stdout);
const counts = report?.metadata?.vulnerabilities;
if (counts === undefined) {
  const reason = report?.statusCode ?? "no report";
  console.error(
    `\nNOT AUDITED: the registry answers no audits (${reason}), so known vulnerabilities of what runs were NOT looked for.\n` +
      "Run npm audit --omit=dev where it does.\n",
  );
} else {
  const found = Object.values(report.vulnerabilities ?? {}).filter(({ severity }) =>
    LEVELS.includes(severity),
  );
  for (const { name, severity, range } of found) console.log(`${severity}: ${name} ${range}`);
  console.log(
    Object.entries(counts)
      .map(([level, count]) => `${level} ${count}`)
      .join(", "),
  );
  if (LEVELS.some((level) => counts[level] > 0)) process.exitCode = 1;
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
