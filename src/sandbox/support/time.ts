/** An instant as Attio writes it: UTC, nine fractional digits, `Z`. Two of them compare as strings. */
export type Time = string;

/** What the store takes for an instant: milliseconds, a Date, or an ISO 8601 string of up to nine fractional digits. */
export type TimeInput = number | Date | string;

const ISO =
  /^(\d{4})(?:-(\d\d)(?:-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?(Z|[+-]\d\d(?::?\d\d)?)?)?)?)?$/i;

/** Writes an instant in Attio's form. Throws RangeError for what is no time. */
export function toTime(input: TimeInput): Time {
  const time = typeof input === "string" ? parseTime(input) : fromMs(Number(input));
  if (time === undefined) throw new RangeError("not an ISO 8601 time");
  return time;
}

/** Reads an ISO 8601 string (partial dates are filled up, UTC assumed); undefined if it is none. */
export function parseTime(text: string): Time | undefined {
  const match = ISO.exec(text);
  if (match === null) return undefined;
  const [
    ,
    year,
    month = "01",
    day = "01",
    hour = "00",
    minute = "00",
    second = "00",
    fraction = "",
    zone = "Z",
  ] = match;
  const wall = `${year ?? ""}-${month}-${day}T${hour}:${minute}:${second}.000Z`;
  const ms = Date.parse(wall);
  if (Number.isNaN(ms) || !new Date(ms).toISOString().startsWith(wall.slice(0, 10))) return undefined;
  return withNanoseconds(ms - offsetMs(zone), fraction.padEnd(9, "0"));
}

/** True if the string names a date and a time of day. */
export function hasTimeOfDay(text: string): boolean {
  return ISO.exec(text)?.[4] !== undefined;
}

/** The instant in milliseconds; digits below are cut. */
export function toMs(time: Time): number {
  return Date.parse(`${time.slice(0, 23)}Z`);
}

function fromMs(ms: number): Time | undefined {
  if (!Number.isFinite(ms)) return undefined;
  return withNanoseconds(
    ms,
    `${String(((ms % 1000) + 1000) % 1000)
      .padStart(3, "0")
      .slice(0, 3)}000000`,
  );
}

function withNanoseconds(ms: number, nanoseconds: string): Time | undefined {
  const date = new Date(ms);
  if (Number.isNaN(date.getTime())) return undefined;
  const text = date.toISOString();
  return text.length === 24 ? `${text.slice(0, 19)}.${nanoseconds}Z` : undefined;
}

function offsetMs(zone: string): number {
  if (zone.toUpperCase() === "Z") return 0;
  const digits = zone.replace(":", "");
  const minutes = Number(digits.slice(1, 3)) * 60 + Number(digits.slice(3, 5) || "0");
  return (zone.startsWith("-") ? -minutes : minutes) * 60_000;
}
