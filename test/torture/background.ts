import postgres from "postgres";
import { isOutage } from "./nemesis.ts";
import { isExpected } from "./refusal.ts";

/** What one actor does beside everything else: one thing at a time. */
export class Background {
  #underWay: Promise<void> | undefined;
  readonly #errors: string[] = [];

  /** Begins it, unless something is under way. What cannot be done while the database is away is left. */
  begin(work: () => Promise<void>): void {
    this.#underWay ??= work()
      .catch((error: unknown) => {
        if (isOutage(error)) return;
        if (!(error instanceof postgres.PostgresError) || !isExpected(error.code))
          this.#errors.push(String(error));
      })
      .finally(() => (this.#underWay = undefined));
  }

  /** Waits until nothing is under way. @returns what went wrong */
  async over(): Promise<readonly string[]> {
    await this.#underWay;
    return this.#errors;
  }
}
