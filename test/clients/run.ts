import { beforeAll, describe, expect, it } from "vitest";
import { undoAfter } from "../support/mirror.ts";
import { drain, deliverEvents } from "../support/live.ts";
import { findDifferences } from "../support/oracle.ts";
import { startWriting } from "../support/writing.ts";
import { OWN_KEY, type Client } from "./client.ts";
import { OPERATIONS, type Context } from "./operations.ts";

/** Does the ten operations through a client, all on one mirror: most of the time goes into starting one. */
export function testClient(name: string, open: (databaseUrl: string) => Promise<Client>): void {
  describe(name, () => {
    let context: Context;
    let settled: () => Promise<void>;

    beforeAll(async () => {
      const writing = await startWriting({
        resources: ["notes", "tasks", "comments"],
        mirror: { life: "file" },
      });
      ({ settled } = deliverEvents(writing.mirror));
      await writing.user.unsafe(OWN_KEY);
      const client = await open(writing.mirror.db.url);
      undoAfter("file", () => client.close());
      context = { client, writing };
    });

    it.each(OPERATIONS)("$name", ({ run }) => run(context));

    it("afterwards mirror and Attio are equal", async () => {
      const { mirror, push, user } = context.writing;
      await push();
      await settled();
      await drain(mirror);
      expect(
        await user`SELECT operation, status, error_code FROM attio.changes WHERE status NOT IN ('pushed', 'discarded')`,
      ).toEqual([]);
      expect(await findDifferences(mirror.sandbox, mirror.db.sql, { resources: [] })).toEqual([]);
    });
  });
}
