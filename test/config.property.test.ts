import fc from "fast-check";
import { expect, test } from "vitest";
import { describeVariables, loadConfig } from "../src/config.ts";
import { ConfigError } from "../src/errors.ts";

const CANARY = "canary9f2e41";

const names = fc.constantFrom(...describeVariables().map(({ name }) => name));
const noise = fc.oneof(
  fc.string({ unit: "binary", maxLength: 30 }),
  fc.constantFrom(
    "",
    ":",
    "@",
    "/",
    "#",
    "?",
    "%",
    "[",
    " ",
    "\n",
    "5432",
    "https://",
    "postgres://",
    "redis://",
    "0 * * * *",
    "people,",
  ),
);
/** Texts around the canary, many of them nearly what some variable takes. */
const texts = fc
  .tuple(noise, noise, fc.boolean(), noise, noise)
  .map(([a, b, isThere, c, d]) => a + b + (isThere ? CANARY : "") + c + d);

test("any text in any variable is a configuration, or an error that names the variable and says nothing of the text", () => {
  let refused = 0;
  fc.assert(
    fc.property(names, texts, (name, text) => {
      try {
        loadConfig({ [name]: text });
      } catch (error) {
        if (!(error instanceof ConfigError)) throw error;
        expect(error.variable).toBe(name);
        expect(error.message.startsWith(`${name} `)).toBe(true);
        expect(error.message).not.toContain(CANARY);
        expect(error.message).not.toContain("\n");
        expect(error.cause).toBeUndefined();
        refused += 1;
      }
    }),
    { numRuns: 1_000 },
  );
  expect(refused).toBeGreaterThan(200);
});

test("a password whose signs were not written as %… is no part of what is printed as the host", () => {
  const sign = fc.constantFrom("#", "/", "?");
  fc.assert(
    fc.property(sign, fc.constantFrom("postgres", "redis"), (one, scheme) => {
      const name = scheme === "postgres" ? "DATABASE_URL" : "REDIS_URL";
      // Up to the sign it would be a host and a port.
      const env = { [name]: `${scheme}://user:12${one}${CANARY}@db/crm` };
      expect(() => loadConfig(env)).toThrow(ConfigError);
    }),
  );
});
