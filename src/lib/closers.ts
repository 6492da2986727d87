/** Remembers how to undo what was started, and undoes it in reverse order. */
export class Closers {
  readonly #stack: { what: string; close: () => Promise<void> | void }[] = [];

  /** @param what for the one who hears that it could not be closed */
  add(what: string, close: () => Promise<void> | void): void {
    this.#stack.push({ what, close });
  }

  /** Closes all; one that fails holds up none of the others. */
  async close(onError: (what: string, error: unknown) => void): Promise<void> {
    for (const { what, close } of this.#stack.splice(0).toReversed()) {
      try {
        await close();
      } catch (error) {
        onError(what, error);
      }
    }
  }
}
