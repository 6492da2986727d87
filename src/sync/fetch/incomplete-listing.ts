/** Attio's listing ends, again and again, before rows that it shows when asked otherwise. */
export class IncompleteListingError extends Error {
  constructor(place: string) {
    super(`Attio's listing ends ${place} although rows lie behind it; the run is not complete`);
    this.name = "IncompleteListingError";
  }
}
