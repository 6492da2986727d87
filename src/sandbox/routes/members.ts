import { data, param, type Route } from "../http/route.ts";
import { uuid } from "../http/params.ts";
import { wireMember } from "../wire/resources.ts";

const scopes = ["user_management:read"];

/** Reading workspace members; there is no way to write them. */
export function memberRoutes(): Route[] {
  return [
    {
      method: "GET",
      url: "/v2/workspace_members",
      scopes,
      kind: "read",
      handle: ({ store }) => data(store.members().map((one) => wireMember(store.state, one))),
    },
    {
      method: "GET",
      url: "/v2/workspace_members/:member",
      scopes,
      kind: "read",
      handle: (call) => {
        const id = uuid(param(call, "member"), "workspace_member_id");
        return data(wireMember(call.store.state, call.store.findMember(id)));
      },
    },
  ];
}
