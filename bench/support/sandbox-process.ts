import { serveSandbox } from "./sandbox.ts";
import type { SandboxOrder } from "./sandbox.ts";

await serveSandbox(JSON.parse(process.argv[2] ?? "") as SandboxOrder);
