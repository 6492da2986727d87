import { abortReason } from "./abort.ts";

/** Longer delays make Node's timers fire at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/**
 * Resolves after `delayMs` milliseconds; rejects with the signal's reason as soon as it is aborted.
 */
export function sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(abortReason(signal));
      return;
    }
    const onAbort = () => {
      clearTimeout(timer);
      if (signal) reject(abortReason(signal));
    };
    const timer = setTimeout(
      () => {
        signal?.removeEventListener("abort", onAbort);
        resolve();
      },
      Math.min(Math.max(0, delayMs), MAX_TIMER_MS),
    );
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}
