import { memberActor } from "../store/state.ts";
import type { SeedContext } from "./context.ts";

const TEAM = [
  ["Alice", "Okoro", "admin"],
  ["Ben", "Lindqvist", "member"],
  ["Chiara", "Ricci", "member"],
  ["Dev", "Patel", "member"],
  ["Elif", "Şahin", "suspended"],
] as const;

/** The company's own people. */
export function seedMembers(context: SeedContext): void {
  for (const [index, [firstName, lastName, accessLevel]] of TEAM.entries()) {
    const emailAddress = `${firstName.toLowerCase()}@sandbox-company.com`;
    const createdAt = `2023-01-0${index + 2}T09:00:00.000Z`;
    const avatarUrl =
      index % 2 === 0 ? `https://assets.attio.com/avatars/${firstName.toLowerCase()}.png` : null;
    const input = { firstName, lastName, emailAddress, avatarUrl, accessLevel, createdAt };
    context.members.push(context.store.createMember(input));
  }
}

/** The actor of a member, by position in the team. */
export function colleague({ members }: SeedContext, index: number): ReturnType<typeof memberActor> {
  return memberActor(members[index % members.length]?.id ?? "");
}
