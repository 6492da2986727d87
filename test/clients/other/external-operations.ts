import { describe, expect, it } from "vitest";
import { testClient } from "../run.ts";
import { isInstalled, startExternalClient, type ExternalKind } from "./external-client.ts";

/** Does the ten operations through a client where its packages are installed; it is left out by name elsewhere. */
export function testExternalClient(kind: ExternalKind): void {
  const { name, packages } = kind;
  const installed = isInstalled(kind);
  it.runIf(process.env["REQUIRE_CLIENTS"] === "1")(`${name} is there for the tests that need it`, () => {
    expect(installed).toBe(true);
  });
  if (installed) testClient(name, (databaseUrl) => startExternalClient(kind, databaseUrl));
  else describe.skip(name, () => it(`needs ${packages.join(" and ")}`, () => undefined));
}
