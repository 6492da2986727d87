import type { WebhookSecret } from "../db/queries/webhooks.ts";
import { monotonicMs } from "../lib/clock.ts";

/** The table is read no more often for signatures that no known secret explains. */
const MIN_INTERVAL_MS = 1_000;

/** For so long a removed webhook's secret may still be good. */
const MAX_AGE_MS = 30_000;

/** The secrets that deliveries may be signed with, as last read. */
export interface SecretRing {
  /**
   * Whether `explains` holds for a secret; those of the generation come first. If none does, the secrets are read again, at most
   * once a second: another process may just have made a webhook.
   *
   * @throws what `load` threw, when no known secret explains it and there was no telling
   */
  accepts(generation: number, explains: (secret: string) => boolean): Promise<boolean>;
}

/** @param load reads the secrets of all webhooks that are not removed */
export function createSecretRing(
  load: () => Promise<WebhookSecret[]>,
  { now = monotonicMs }: { now?: () => number } = {},
): SecretRing {
  let known: readonly WebhookSecret[] = [];
  let askedAt = Number.NEGATIVE_INFINITY;
  /** The last reading, under way or done; its failure stands until the next is due. */
  let reading: Promise<void> = Promise.resolve();

  function read(): Promise<void> {
    if (now() - askedAt < MIN_INTERVAL_MS) return reading;
    askedAt = now();
    reading = load().then((secrets) => void (known = secrets));
    reading.catch(() => undefined);
    return reading;
  }

  function isExplained(generation: number, explains: (secret: string) => boolean): boolean {
    return (
      known.some((one) => one.generation === generation && explains(one.secret)) ||
      known.some((one) => one.generation !== generation && explains(one.secret))
    );
  }

  return {
    async accepts(generation, explains) {
      // While the table can't be read, the secrets at hand are the best there is.
      if (now() - askedAt >= MAX_AGE_MS) await read().catch(() => undefined);
      if (isExplained(generation, explains)) return true;
      const before = known;
      await read();
      return known !== before && isExplained(generation, explains);
    },
  };
}
