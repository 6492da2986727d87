/** Starts jobs in order, not more than so many in any second. */
export interface Pacer {
  add(job: () => void): void;
  /** Jobs not started yet. */
  readonly waiting: number;
  stop(): void;
}

const SECOND_MS = 1000;

/** Creates a pacer. The rate is asked for anew each time, so that it can be changed. */
export function createPacer(perSecond: () => number): Pacer {
  const jobs: (() => void)[] = [];
  const starts: number[] = [];
  let timer: NodeJS.Timeout | undefined;

  function run(): void {
    timer = undefined;
    while (jobs.length > 0) {
      const now = Date.now();
      while ((starts[0] ?? now) <= now - SECOND_MS) starts.shift();
      if (starts.length >= perSecond()) {
        timer = setTimeout(run, Math.max(1, (starts[0] ?? now) + SECOND_MS - now));
        return;
      }
      starts.push(now);
      jobs.shift()?.();
    }
  }

  return {
    get waiting() {
      return jobs.length;
    },
    add(job) {
      jobs.push(job);
      if (timer === undefined) run();
    },
    stop() {
      clearTimeout(timer);
      jobs.length = 0;
    },
  };
}
