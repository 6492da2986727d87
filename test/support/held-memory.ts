import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/**
 * The memory that this process still holds once garbage is collected, in MiB: the heap's objects and the buffers outside
 * it. The resident size says how far the heap had grown before anything was collected, which is chance.
 */
export function heldMemory(): number {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  collect();
  // Buffers go with the collection after the one that found them unused.
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return (heapUsed + external) / 1024 / 1024;
}
