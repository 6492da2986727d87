import type { AttioClient } from "../attio/index.ts";
import type { WebhookWish } from "./registration.ts";

/**
 * The webhook that the configuration asks for.
 *
 * @throws AttioError when Attio must be asked whose token this is and does not answer
 */
export async function readWish(
  client: Pick<AttioClient, "self">,
  { publicUrl, hideOwnWrites }: { publicUrl: string; hideOwnWrites: boolean },
): Promise<WebhookWish> {
  if (!hideOwnWrites) return { publicUrl };
  const self = await client.self();
  // A workspace token acts under its own id, which `/v2/self` calls `client_id` (docs: "Identify").
  return self.active ? { publicUrl, hideOwnWrites: self.client_id } : { publicUrl };
}
