import { request } from "undici";
import type { Spoken } from "../support/processes.ts";
import { BENCH_OBJECT } from "../support/sandbox.ts";
import type { SandboxPlace } from "../support/sandbox.ts";
import type { SandboxRequest, Traffic } from "./messages.ts";

/** The attribute that is edited, and the column that it is mirrored to: a number. */
export const EDITED = "field_1";

/** The workspace that is pushed to, in the sandbox's process. */
export class Workspace {
  readonly place: SandboxPlace;
  readonly #sandbox: Spoken;

  constructor(sandbox: Spoken) {
    this.#sandbox = sandbox;
    this.place = sandbox.said as SandboxPlace;
  }

  get pid(): number {
    return this.#sandbox.pid;
  }

  /** What arrived since this was asked last. */
  async traffic(): Promise<Traffic> {
    return (await this.#ask({ do: "traffic" })) as Traffic;
  }

  /** When the writes of a record arrived since the traffic was asked for, in milliseconds since the epoch. */
  async writesOf(id: string): Promise<number[]> {
    return (await this.#ask({ do: "writesOf", id })) as number[];
  }

  async answerAfter(ms: number): Promise<void> {
    await this.#ask({ do: "answerAfter", ms });
  }

  async reset(): Promise<void> {
    await this.#ask({ do: "reset" });
  }

  /** The edited attribute's value as Attio has it. */
  async value(id: string): Promise<number | undefined> {
    const { body } = await request(`${this.place.url}/v2/objects/${BENCH_OBJECT}/records/${id}`, {
      headers: { authorization: `Bearer ${this.place.token}` },
    });
    const { data } = (await body.json()) as { data: { values: Record<string, { value: number }[]> } };
    return data.values[EDITED]?.[0]?.value;
  }

  #ask(question: SandboxRequest): Promise<unknown> {
    return this.#sandbox.ask(question);
  }
}
