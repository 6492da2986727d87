/** Values for the placeholders of a route. */
export type RouteParams = Readonly<Record<string, string>>;

/** Values for a query string; undefined ones are left out. */
export type QueryParams = Readonly<Record<string, string | number | boolean | undefined>>;

/**
 * Fills a route such as `/v2/objects/{object}` with percent-encoded parameters. Throws TypeError for a parameter that is missing, empty,
 * or a dot segment, which a proxy would resolve to another path.
 */
export function fillRoute(route: string, params: RouteParams = {}): string {
  return route.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = params[name];
    if (value === undefined || value === "" || value === "." || value === "..") {
      throw new TypeError(`${route} needs a ${name}`);
    }
    return encodeURIComponent(value);
  });
}

/** `?a=1&b=2`, or nothing. */
export function queryString(params: QueryParams = {}): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(params)) {
    if (value !== undefined) search.append(name, String(value));
  }
  const text = search.toString();
  return text === "" ? "" : `?${text}`;
}
