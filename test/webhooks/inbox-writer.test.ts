import { beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { storeDeliveries, type NewDelivery } from "../../src/db/queries/inbox.ts";
import { silentLog } from "../../src/logger.ts";
import { InboxWriter, type InboxWriterOptions } from "../../src/webhooks/inbox-writer.ts";
import { createReceiverStats } from "../../src/webhooks/stats.ts";
import { createMigratedDatabase, type MigratedDatabase } from "../support/migrated.ts";

let db: MigratedDatabase;

beforeAll(async () => {
  db = await createMigratedDatabase();
  return () => db.drop();
});

beforeEach(async () => {
  await db.sql`TRUNCATE attio_sync.webhook_events`;
});

const deliver = (key: string | null, body = "{}", generation = 1): NewDelivery => ({
  generation,
  key,
  body: Buffer.from(body),
});

/** A writer whose statements wait until they are let through. */
function gatedWriter(options: InboxWriterOptions = {}) {
  const stats = createReceiverStats();
  const groups: number[] = [];
  const gates: (() => void)[] = [];
  const wake = vi.fn();
  const store = async (deliveries: readonly NewDelivery[]) => {
    groups.push(deliveries.length);
    await new Promise<void>((open) => gates.push(open));
    return storeDeliveries(db.sql, deliveries);
  };
  const writer = new InboxWriter({ store, wake, stats, log: silentLog }, options);
  const open = async () => {
    await expect.poll(() => gates.length).toBeGreaterThan(0);
    gates.shift()?.();
  };
  return { writer, stats, groups, wake, open };
}

describe("group commit", () => {
  test("one INSERT is in flight, and the next takes all that gathered", async () => {
    const { writer, groups, wake, stats, open } = gatedWriter();
    const kept = Array.from({ length: 21 }, (_, i) => writer.add(deliver(`k${i}`)));
    await open();
    await open();
    expect(new Set(await Promise.all(kept))).toEqual(new Set(["kept"]));
    expect(groups).toEqual([1, 20]);
    expect(wake).toHaveBeenCalledTimes(2);
    expect(stats).toMatchObject({ stored: 21, duplicate: 0, inserts: 2 });
  });

  test("a group holds no more rows or bytes than it may; a single large delivery goes alone", async () => {
    const { writer, groups, open } = gatedWriter({ groupRows: 3, groupBytes: 10 });
    const sizes = [1, 4, 4, 4, 20, 1, 1, 1, 1];
    const kept = sizes.map((size) => writer.add(deliver(null, "x".repeat(size))));
    for (let group = 0; group < 6; group++) await open();
    await Promise.all(kept);
    expect(groups).toEqual([1, 2, 1, 1, 3, 1]);
  });

  test("beyond the bounds of what may wait, deliveries are refused at once", async () => {
    const rows = gatedWriter({ waitingRows: 2 });
    const first = [1, 2, 3].map(() => rows.writer.add(deliver(null)));
    expect(await rows.writer.add(deliver(null))).toBe("unavailable");
    await rows.open();
    await rows.open();
    expect(await Promise.all(first)).toEqual(["kept", "kept", "kept"]);
    const bytes = gatedWriter({ waitingBytes: 10 });
    const fitting = [
      bytes.writer.add(deliver(null, "x".repeat(10))),
      bytes.writer.add(deliver(null, "x".repeat(10))),
    ];
    expect(await bytes.writer.add(deliver(null, "x"))).toBe("unavailable");
    await bytes.open();
    await bytes.open();
    expect(await Promise.all(fitting)).toEqual(["kept", "kept"]);
  });

  test("one failed insert blocking the rest: a delivery that PostgreSQL refuses fails alone", async () => {
    const { writer, groups, open, stats, wake } = gatedWriter();
    const tooLarge = 2 ** 31;
    const kept = [
      writer.add(deliver("a")),
      writer.add(deliver("b")),
      writer.add(deliver("c", "{}", tooLarge)),
      writer.add(deliver("d")),
    ];
    for (let statement = 0; statement < 5; statement++) await open();
    expect(await Promise.all(kept)).toEqual(["kept", "kept", "unstorable", "kept"]);
    expect(groups).toEqual([1, 3, 1, 1, 1]);
    expect(stats).toMatchObject({ stored: 3, inserts: 3 });
    expect(wake).toHaveBeenCalledTimes(3);
  });

  test("a wake that throws loses nothing", async () => {
    const { writer, wake, open } = gatedWriter();
    wake.mockImplementation(() => {
      throw new Error("no queue");
    });
    const kept = writer.add(deliver("a"));
    await open();
    expect(await kept).toBe("kept");
    const next = writer.add(deliver("b"));
    await open();
    expect(await next).toBe("kept");
  });

  test("closed, it stores what it took and takes no more", async () => {
    const { writer, open } = gatedWriter();
    const kept = [writer.add(deliver("a")), writer.add(deliver("b"))];
    const closed = writer.close();
    expect(await writer.add(deliver("c"))).toBe("unavailable");
    await open();
    await open();
    await closed;
    expect(await Promise.all(kept)).toEqual(["kept", "kept"]);
  });
});

test("what can't be stored for now is tried until its patience ends, and what came first is tried first", async () => {
  const stats = createReceiverStats();
  const tried: (string | null)[][] = [];
  let failures = 3;
  const store = (deliveries: readonly NewDelivery[]) => {
    tried.push(deliveries.map(({ key }) => key));
    return failures-- > 0 ? Promise.reject(new Error("away")) : Promise.resolve(deliveries.length);
  };
  const deps = { store, wake: () => undefined, stats, log: silentLog };
  const patient = new InboxWriter(deps, { pauseMs: 1, patienceMs: 60_000 });
  const kept = [patient.add(deliver("a")), patient.add(deliver("b"))];
  expect(await Promise.all(kept)).toEqual(["kept", "kept"]);
  expect(tried).toEqual([["a"], ["a", "b"], ["a", "b"], ["a", "b"]]);
  failures = Number.POSITIVE_INFINITY;
  const impatient = new InboxWriter(deps, { pauseMs: 1, patienceMs: 0 });
  expect(await impatient.add(deliver("c"))).toBe("unavailable");
});
