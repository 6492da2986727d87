import { join } from "node:path";
import { inject } from "vitest";

/** The compiled file of a source that is named without its ending, such as `src/main`, for a process of its own. */
export function program(name: string): string {
  return join(inject("programs"), `${name}.js`);
}
