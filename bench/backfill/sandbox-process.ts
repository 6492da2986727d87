import { serveSandbox } from "../support/sandbox.ts";
import type { SandboxOrder } from "../support/sandbox.ts";

await serveSandbox(JSON.parse(process.argv[2] ?? "") as SandboxOrder);
