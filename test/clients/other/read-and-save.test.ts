import { beforeAll, describe, expect, it } from "vitest";
import { OWN_KEY } from "../client.ts";
import { undoAfter } from "../../support/mirror.ts";
import { startWriting, type Writing } from "../../support/writing.ts";
import { isInstalled, startExternalClient } from "./external-client.ts";
import { KINDS } from "./kinds.ts";

describe("what is read by a spent id, and inserted as it is not there, is refused and makes no second record", () => {
  let writing: Writing;
  beforeAll(async () => {
    writing = await startWriting({ mirror: { life: "file" } });
    await writing.user.unsafe(OWN_KEY);
  });

  const deals = () => writing.mirror.sandbox.store.records("deals").length;

  for (const kind of KINDS) {
    it.skipIf(!isInstalled(kind))(`by ${kind.name}: ${kind.readAndSave}`, async () => {
      const { user, push, mirror } = writing;
      const client = await startExternalClient(kind, mirror.db.url);
      undoAfter("test", () => client.close());
      const [member] = await user<{ id: string }[]>`
        SELECT workspace_member_id AS id FROM attio.workspace_members LIMIT 1`;
      const deal = { name: kind.name, stage: "Lead", owner: member?.id ?? "" };
      const spent = await client.insert("deals", deal);
      await push();
      const made = deals();
      await expect(
        client.readAndSave("deals", { ...deal, record_id: spent, name: "Saved again" }),
      ).rejects.toThrow("duplicate key value violates unique constraint");
      await push();
      expect(deals()).toBe(made);
      const rows = await user`
        SELECT name FROM attio.deals WHERE record_id IN (${spent}, attio.current_id(${spent}))`;
      expect([...rows]).toEqual([{ name: kind.name }]);
    });
  }
});
