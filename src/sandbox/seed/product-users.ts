import { maybe, someActor, someTime, type SeedContext } from "./context.ts";
import { COMPANY_WORDS } from "./words.ts";

/** Users and workspaces of the company's own product. */
export function seedProductUsers(context: SeedContext, count: number): void {
  const { store, random, people, companies } = context;
  for (let index = 0; index < count; index++) {
    const written = { createdAt: someTime(context), by: someActor(context) };
    const workspace = store.createRecord(
      "workspaces",
      {
        workspace_id: `ws_${index}`,
        name: `${random.pick(COMPANY_WORDS)} ${index}`,
        company: maybe(context, companies.length > 0 ? 0.8 : 0, () => random.pick(companies)),
      },
      written,
    );
    store.createRecord(
      "users",
      {
        user_id: `usr_${index}`,
        primary_email_address: `user-${index}@sandbox-${index % 50}.com`,
        person: maybe(context, people.length > 0 ? 0.8 : 0, () => random.pick(people)),
        workspace: [workspace],
      },
      written,
    );
  }
}
