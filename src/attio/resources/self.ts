import { jsonBody } from "../body.ts";
import { AttioApiError } from "../errors.ts";
import { get, type Api, type RequestOptions } from "../requests.ts";
import { selfSchema, type Self } from "../schemas/self.ts";

/**
 * What the token is. An unknown token is `{active: false}`, never an error: Attio answers 200 for a revoked one, and 400 `missing_value`
 * for one that does not look like a token (observed; the docs page "Identify" names neither).
 */
export function createSelf(api: Api): (options?: RequestOptions) => Promise<Self> {
  return async (options) => {
    try {
      const self = await api.send(get("/v2/self", { read: jsonBody(selfSchema) }), options);
      return self.active ? self : { active: false };
    } catch (error) {
      if (error instanceof AttioApiError && (error.status === 401 || error.code === "missing_value")) {
        return { active: false };
      }
      throw error;
    }
  };
}
