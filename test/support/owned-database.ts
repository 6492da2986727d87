import { randomBytes } from "node:crypto";
import postgres from "postgres";
import { inject } from "vitest";
import { ROLE_SQL } from "../../src/db/mirror/roles.ts";
import { createTestDatabase } from "./database.ts";

/** A database as a careful administrator hands it over. */
export interface OwnedDatabase {
  /** For the daemon: a login that may connect and make schemas, and nothing else on the server. */
  url: string;
  /** The password in it. */
  password: string;
  /** The server's administrator, in this database. */
  admin: postgres.Sql;
  /** Makes a login that is a member of a role. @returns its connection URL */
  login(memberOf: string): Promise<string>;
  /** Removes the database and all logins that were made for it. */
  drop(): Promise<void>;
}

/** Roles belong to the whole server: another file's mirror may have made, or be making, the same one. */
const MADE_ALREADY = ["42710", "23505"];

/** Makes a database, the mirror's two roles, and a login for the daemon with the rights that docs/security.md names. */
export async function createOwnedDatabase(): Promise<OwnedDatabase> {
  const database = await createTestDatabase();
  const admin = postgres(database.url, { max: 1, onnotice: () => undefined });
  for (const statement of ROLE_SQL) await admin.unsafe(statement).catch(unlessMadeAlready);
  const logins: string[] = [];
  const makeLogin = async () => {
    const name = `mirror_login_${randomBytes(6).toString("hex")}`;
    const password = `password-${randomBytes(12).toString("hex")}`;
    await admin.unsafe(`CREATE ROLE ${name} LOGIN PASSWORD '${password}'`);
    logins.push(name);
    return { name, password, url: urlOf(database.url, name, password) };
  };
  const daemon = await makeLogin();
  await admin.unsafe(
    `GRANT CONNECT, CREATE ON DATABASE ${new URL(database.url).pathname.slice(1)} TO ${daemon.name}`,
  );
  return {
    url: daemon.url,
    password: daemon.password,
    admin,
    login: async (memberOf) => {
      const { name, url } = await makeLogin();
      await admin.unsafe(`GRANT ${memberOf} TO ${name}`);
      return url;
    },
    drop: async () => {
      await admin.end();
      await database.drop();
      const server = postgres(inject("adminUrl"), { max: 1, onnotice: () => undefined });
      for (const name of logins) await server.unsafe(`DROP ROLE ${name}`);
      await server.end();
    },
  };
}

function unlessMadeAlready(error: unknown): void {
  if (!(error instanceof postgres.PostgresError && MADE_ALREADY.includes(error.code))) throw error;
}

function urlOf(url: string, name: string, password: string): string {
  const changed = new URL(url);
  changed.username = name;
  changed.password = password;
  return changed.href;
}
