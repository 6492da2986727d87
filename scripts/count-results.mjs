// Adds up vitest's JSON reports in a folder and prints one line: "N passed, N failed".
// Usage: count-results FOLDER FAILED_RUNS
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const [folder, failedRuns] = process.argv.slice(2);
const reports = readdirSync(folder).map((file) => JSON.parse(readFileSync(join(folder, file), "utf8")));
const sum = (field) => reports.reduce((total, report) => total + report[field], 0);

// A file that cannot be loaded has no tests in it: it counts as one failure.
const brokenFiles = reports
  .flatMap((report) => report.testResults)
  .filter((file) => file.status === "failed" && file.assertionResults.length === 0).length;

// A run can also fail without a failed test, by an error outside of all tests.
const failed = Math.max(sum("numFailedTests") + brokenFiles, Number(failedRuns));

console.log(`${sum("numPassedTests")} passed, ${failed} failed`);
