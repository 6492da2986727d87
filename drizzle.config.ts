import { defineConfig } from "drizzle-kit";

export default defineConfig({
  dialect: "postgresql",
  schema: "./src/db/control/index.ts",
  out: "./drizzle",
  schemaFilter: ["attio", "attio_sync"],
});
