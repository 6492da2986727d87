import { notFound } from "../support/errors.ts";
import { toTime, type TimeInput } from "../support/time.ts";
import { emitMember } from "./events.ts";
import type { Member } from "./resources.ts";
import { SYSTEM, type State } from "./state.ts";

/** A new member. */
export interface MemberInput {
  firstName: string;
  lastName: string;
  emailAddress: string;
  avatarUrl?: string | null;
  accessLevel?: Member["accessLevel"];
  createdAt?: TimeInput;
}

/** Lets someone join the workspace. */
export function createMember(state: State, input: MemberInput): Member {
  const member: Member = {
    id: state.random.uuid(),
    createdAt: input.createdAt === undefined ? state.now() : toTime(input.createdAt),
    firstName: input.firstName,
    lastName: input.lastName,
    avatarUrl: input.avatarUrl ?? null,
    emailAddress: input.emailAddress,
    accessLevel: input.accessLevel ?? "member",
  };
  state.members.set(member.id, member);
  emitMember(state, member.id, SYSTEM);
  return member;
}

/** Changes a member; Attio has no event for it. Throws 404 `not_found`. */
export function updateMember(
  state: State,
  memberId: string,
  patch: Partial<Pick<Member, "firstName" | "lastName" | "avatarUrl" | "emailAddress" | "accessLevel">>,
): Member {
  return Object.assign(findMember(state, memberId), patch);
}

/** The member. Throws 404 `not_found`. */
export function findMember(state: State, memberId: string): Member {
  const member = state.members.get(memberId);
  if (member === undefined) throw notFound(`Workspace member with ID "${memberId}" was not found.`);
  return member;
}
