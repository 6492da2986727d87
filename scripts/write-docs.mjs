// Writes the parts of the docs that follow from the code, from the built program.
import { readFileSync, writeFileSync } from "node:fs";
import { describeVariables } from "../dist/config.js";

const file = new URL("../docs/configuration.md", import.meta.url);

const rows = describeVariables().map(
  ({ name, description, fallback }) =>
    `| \`${name}\` | ${fallback === null ? "not set" : `\`${fallback}\``} | ${description} |`,
);
const table = ["| variable | default | meaning |", "| --- | --- | --- |", ...rows].join("\n");

const text = readFileSync(file, "utf8");
const written = text.replace(
  /(<!-- variables:[^>]*-->\n)[^]*(<!-- \/variables -->)/,
  (_, head, tail) => `${head}\n${table}\n\n${tail}`,
);
writeFileSync(file, written);

const example = describeVariables().map(
  ({ name, description, fallback }) =>
    `# ${description}\n${name === "ATTIO_API_KEY" ? "" : "# "}${name}=${fallback ?? ""}\n`,
);
writeFileSync(
  new URL("../.env.example", import.meta.url),
  `# Copy to .env, which docker compose reads; only ATTIO_API_KEY must be set. Written by npm run docs.\n\n${example.join("\n")}`,
);
