/** How deliveries behave. Attio's own times are scaled down a thousandfold where tests would wait for them. */
export interface WebhookSettings {
  /** A receiver that hasn't answered by then has failed; Attio waits 5 s. */
  timeoutMs: number;
  /** Retries after a failed attempt. */
  retries: number;
  /** Before the first retry, doubled for each further one; ten of them take about three days / 1000. */
  firstRetryMs: number;
  /** Deliveries a second and target URL; more are queued. */
  perSecond: number;
  /** How long a webhook may be degraded until it is inactive: seven days / 1000. */
  inactiveAfterMs: number;
}

/** Settings as documented, times scaled. */
export const WEBHOOK_SETTINGS: WebhookSettings = {
  timeoutMs: 5000,
  retries: 10,
  firstRetryMs: 250,
  perSecond: 25,
  inactiveAfterMs: 604_800,
};
