import { z } from "zod";
import { dataBody } from "../body.ts";
import { get, type Api, type RequestOptions } from "../requests.ts";
import { memberSchema, type WorkspaceMember } from "../schemas/member.ts";

export type MembersResource = ReturnType<typeof createMembers>;

/** Members of the workspace. */
export function createMembers(api: Api) {
  /** All members, suspended ones too; Attio does not page them. */
  function list(options?: RequestOptions): Promise<WorkspaceMember[]> {
    return api.send(get("/v2/workspace_members", { read: dataBody(z.array(memberSchema)) }), options);
  }

  /** One member. Throws AttioNotFoundError. */
  function getMember(memberId: string, options?: RequestOptions): Promise<WorkspaceMember> {
    const params = { workspace_member_id: memberId };
    const read = dataBody(memberSchema);
    return api.send(get("/v2/workspace_members/{workspace_member_id}", { params, read }), options);
  }

  return { list, get: getMember };
}
