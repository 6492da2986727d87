import type { SchemaFault } from "./errors.ts";

/** A body that is not what was promised, before anyone knows which request it answers. Never quotes the body. */
export class BodyError extends Error {
  readonly fault: SchemaFault;
  /** Where in the body, dotted. */
  readonly paths: readonly string[];

  constructor(fault: SchemaFault, message: string, paths: readonly string[] = []) {
    super(message);
    this.name = "BodyError";
    this.fault = fault;
    this.paths = paths;
  }
}
