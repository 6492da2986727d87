import { describe, expect, test } from "vitest";
import type { Answer, Request } from "./support.ts";
import { look, looks, start } from "./support.ts";

const idsOf = (answer: Answer): string[] =>
  looks(answer, "data.*.id").map((id) => {
    const { record_id, entry_id } = id as { record_id?: string; entry_id?: string };
    return record_id ?? entry_id ?? "";
  });

const query = (request: Request, object: string, body: object): Promise<Answer> =>
  request("POST", `/v2/objects/${object}/records/query`, body);

describe("filters", () => {
  test.each([
    ["shorthand", { name: "Acme" }, ["acme"]],
    ["contains, whatever the case", { name: { $contains: "CM" } }, ["acme"]],
    ["verbose with a property", { domains: { root_domain: { $eq: "beta.co.uk" } } }, ["beta"]],
    ["or", { $or: [{ name: "Acme" }, { name: "Beta" }] }, ["acme", "beta"]],
    ["not", { $not: { name: "Acme" } }, ["beta", "gamma"]],
    ["empty", { $not: { domains: { $not_empty: true } } }, ["gamma"]],
    ["number range", { twitter_follower_count: { $gt: 5, $lte: 20 } }, ["acme", "beta"]],
    ["select by title", { categories: "B2C" }, ["beta"]],
    ["currency as string", { funding_raised_usd: "1.5" }, ["acme"]],
    ["date", { foundation_date: { $lt: "2000-01-01" } }, ["acme"]],
    [
      "created window",
      { created_at: { $gte: "2024-01-02T00:00:00Z", $lt: "2024-01-03T00:00:00Z" } },
      ["beta"],
    ],
    ["location", { primary_location: { locality: "Kyiv", country_code: { $eq: "UA" } } }, ["gamma"]],
    [
      "path",
      {
        path: [
          ["companies", "team"],
          ["people", "email_addresses"],
        ],
        constraints: { email_domain: "beta.com" },
      },
      ["beta"],
    ],
  ])("%s", async (_name, filter, expected) => {
    const { sandbox, request } = await start();
    const { store } = sandbox;
    const place = { line_1: null, line_2: null, line_3: null, line_4: null, region: null, postcode: null };
    const ids = {
      acme: store.createRecord(
        "companies",
        {
          name: "Acme",
          domains: ["acme.com"],
          twitter_follower_count: 10,
          funding_raised_usd: 1.5,
          foundation_date: "1999",
        },
        { createdAt: "2024-01-01T00:00:00Z" },
      ).id,
      beta: store.createRecord(
        "companies",
        { name: "Beta", domains: ["shop.beta.co.uk"], twitter_follower_count: 20, categories: ["B2C"] },
        { createdAt: "2024-01-02T00:00:00Z" },
      ).id,
      gamma: store.createRecord(
        "companies",
        {
          name: "Gamma",
          primary_location: {
            ...place,
            locality: "Kyiv",
            country_code: "UA",
            latitude: null,
            longitude: null,
          },
        },
        { createdAt: "2024-01-03T00:00:00Z" },
      ).id,
    };
    store.createRecord("people", {
      email_addresses: ["x@beta.com"],
      company: store.record("companies", ids.beta),
    });
    const wanted = expected.map((name) => ids[name as keyof typeof ids]);
    expect(idsOf(await query(request, "companies", { filter })).sort()).toEqual(wanted.sort());
  });

  test.each([
    ["an unknown attribute", { nope: 1 }],
    ["an unknown operator", { name: { $equals: "x" } }],
    ["an unknown property", { domains: { nope: { $eq: "x" } } }],
    ["more than 500 ids", { record_id: { $in: Array.from({ length: 501 }, () => "0".repeat(36)) } }],
    ["a timestamp without time", { created_at: { $gte: "2024-01-01" } }],
  ])("%s is refused with filter_error", async (_name, filter) => {
    const { request } = await start();
    const answer = await query(request, "companies", { filter });
    expect(answer).toMatchObject({ status: 400, body: { code: "filter_error" } });
  });

  test("records and entries are found by many ids at once", async () => {
    const { sandbox, request } = await start({});
    const ids = sandbox.store
      .records("people")
      .slice(3, 60)
      .map((one) => one.id);
    const found = await query(request, "people", {
      filter: { record_id: { $in: [...ids, sandbox.workspaceId] } },
    });
    expect(idsOf(found).sort()).toEqual(ids.toSorted());
    const entries = sandbox.store
      .entries("sales")
      .slice(0, 4)
      .map((one) => one.id);
    const answer = await request("POST", "/v2/lists/sales/entries/query", {
      filter: { entry_id: { $in: entries } },
    });
    expect(idsOf(answer).sort()).toEqual(entries.toSorted());
  });

  test("entries are found by their parent", async () => {
    const { sandbox, request } = await start({});
    const parent = sandbox.store.entries("sales")[0]?.parent?.id ?? "";
    const path = [
      ["sales", "parent_record"],
      ["companies", "record_id"],
    ];
    const answer = await request("POST", "/v2/lists/sales/entries/query", {
      filter: { path, constraints: { value: parent } },
    });
    expect(new Set(looks(answer, "data.*.parent_record_id"))).toEqual(new Set([parent]));
  });
});

describe("order and pages", () => {
  test("without sorts the order isn't that of creation", async () => {
    const { sandbox, request } = await start({});
    const created = sandbox.store.records("people").map((one) => one.id);
    const unsorted = idsOf(await query(request, "people", {}));
    expect(unsorted).not.toEqual(created);
    expect(unsorted.toSorted()).toEqual(created.toSorted());
  });

  test("ties come in another order in another request, unless a second sort settles them", async () => {
    const { request } = await start({});
    const byTime = [{ attribute: "created_at", direction: "asc" }];
    const twice = [
      await query(request, "people", { sorts: byTime }),
      await query(request, "people", { sorts: byTime }),
    ];
    const [first, second] = twice.map(idsOf);
    expect(first).not.toEqual(second);
    expect(first?.toSorted()).toEqual(second?.toSorted());
    const times = twice[0] === undefined ? [] : looks(twice[0], "data.*.created_at");
    expect(times).toEqual(times.toSorted());
    const settled = [...byTime, { attribute: "record_id", direction: "asc" }];
    const pages = [
      ...idsOf(await query(request, "people", { sorts: settled, limit: 50 })),
      ...idsOf(await query(request, "people", { sorts: settled, limit: 500, offset: 50 })),
    ];
    expect(pages).toEqual(idsOf(await query(request, "people", { sorts: settled })));
    expect(new Set(pages).size).toBe(120);
  });

  test("sorts take a field and a path, both directions", async () => {
    const { request } = await start({});
    const answer = await query(request, "people", {
      sorts: [{ attribute: "name", field: "last_name", direction: "desc" }],
    });
    const names = looks(answer, "data.*.values.name.*.last_name").flat().map(String);
    expect(names).toEqual(names.toSorted((a, b) => (a < b ? 1 : a > b ? -1 : 0)));
    const byCompany = {
      path: [
        ["people", "company"],
        ["companies", "name"],
      ],
      direction: "asc",
    };
    expect((await query(request, "people", { sorts: [byCompany] })).status).toBe(200);
  });

  test("a page is capped without a word where the sandbox is told to", async () => {
    const { request } = await start({ maxPage: { records: 20 } });
    expect(look(await query(request, "people", { limit: 100 }), "data")).toHaveLength(20);
    expect((await query(request, "people", { limit: 501 })).status).toBe(400);
  });

  test("a query reports its score and is refused above the ceiling", async () => {
    const { sandbox, request } = await start({});
    const fine = await query(request, "people", {});
    expect(Number(fine.headers.get("x-attio-record-query-score"))).toBeGreaterThan(0);
    sandbox.limits.score = { perQuery: 0.5, per10Seconds: 100 };
    const refused = await query(request, "people", {});
    expect(refused).toMatchObject({
      status: 429,
      body: { type: "rate_limit_error", code: "rate_limit_exceeded" },
    });
  });
});
