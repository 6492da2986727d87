/** A pause that can be ended early; an end that comes before the pause makes the next one none at all. */
export class Pause {
  #isEnded = false;
  #end: () => void = () => undefined;

  /** Ends the pause under way, or the next one. */
  end(): void {
    this.#isEnded = true;
    this.#end();
  }

  /** Resolves after `delayMs` milliseconds, or as soon as it is ended. */
  async wait(delayMs: number): Promise<void> {
    if (!this.#isEnded) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, delayMs);
        this.#end = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.#isEnded = false;
  }
}
