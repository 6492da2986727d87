/** A flag's value as a number. Throws TypeError, naming the flag, for anything but a whole number above 0. */
export function wholeNumber(name: string, text: string): number {
  if (!/^[1-9]\d*$/.test(text)) throw new TypeError(`--${name} must be a whole number above 0`);
  return Number(text);
}
