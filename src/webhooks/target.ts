const PATH = "/webhooks/attio/";

/** Where Attio sends a webhook's deliveries. @param publicUrl an origin */
export function targetUrl(publicUrl: string, generation: number): string {
  return new URL(`${PATH}${generation}`, publicUrl).href;
}

/** The generation in a target of this origin; null for any other URL. */
export function generationIn(publicUrl: string, url: string): number | null {
  const start = new URL(PATH, publicUrl).href;
  const rest = url.startsWith(start) ? url.slice(start.length) : "";
  return /^[1-9]\d{0,8}$/.test(rest) ? Number(rest) : null;
}
