/** Counts what falls due at a steady pace; what was missed while the process was busy is made up for. */
export class Pace {
  readonly #perSecond: number;
  readonly #beganMs = performance.now();
  #taken = 0;

  constructor(perSecond: number) {
    this.#perSecond = perSecond;
  }

  /** How many have fallen due since this was asked last. */
  due(): number {
    const all = Math.floor(((performance.now() - this.#beganMs) * this.#perSecond) / 1_000);
    const due = all - this.#taken;
    this.#taken = all;
    return due;
  }
}
