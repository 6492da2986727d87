// The compiler writes no execute bit; `npx attio-mirror` in a checkout needs one.
import { chmodSync } from "node:fs";

chmodSync(new URL("../dist/main.js", import.meta.url), 0o755);
