// Adds up vitest's JSON reports in a folder, names what failed and why, and ends with one line: "N passed, N failed".
// Usage: count-results FOLDER FAILED_RUNS
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const [folder, failedRuns] = process.argv.slice(2);
const reports = readdirSync(folder).map((file) => JSON.parse(readFileSync(join(folder, file), "utf8")));
const files = reports.flatMap((report) => report.testResults);
const sum = (field) => reports.reduce((total, report) => total + report[field], 0);

// A file that cannot be loaded has no tests in it: it counts as one failure.
const brokenFiles = files.filter((file) => file.status === "failed" && file.assertionResults.length === 0);

// Said once more here, as the end is what is left of a long output.
for (const { name, message } of brokenFiles) console.log(`FAILED ${name}\n  ${message}`);
for (const { name, assertionResults } of files)
  for (const { status, fullName, failureMessages } of assertionResults)
    if (status === "failed") console.log(`FAILED ${name}: ${fullName}\n  ${failureMessages.join("\n  ")}`);

// A run can also fail without a failed test, by an error outside of all tests.
const failed = Math.max(sum("numFailedTests") + brokenFiles.length, Number(failedRuns));

console.log(`${sum("numPassedTests")} passed, ${failed} failed`);
