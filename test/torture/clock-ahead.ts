// Loaded before a daemon: its clock is ahead of everybody else's by CLOCK_AHEAD_MS.
const ahead = Number(process.env["CLOCK_AHEAD_MS"]);
const now = Date.now.bind(Date);

class DateAhead extends Date {
  constructor(...parts: [] | [number | string | Date]) {
    if (parts.length === 0) super(now() + ahead);
    else super(...parts);
  }

  static override now(): number {
    return now() + ahead;
  }
}

globalThis.Date = DateAhead as DateConstructor;
