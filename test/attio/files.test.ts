import { createHash } from "node:crypto";
import { inspect } from "node:util";
import { text } from "node:stream/consumers";
import { describe, expect, it } from "vitest";
import { AttioNetworkError, AttioSchemaError } from "../../src/attio/index.ts";
import { pair, rejection } from "./support/clients.ts";
import { json, startServer } from "./support/server.ts";

const FILE = {
  id: { workspace_id: "w", file_id: "f" },
  file_type: "file",
  name: "a",
  created_at: "2025-03-25T06:44:30.177000000Z",
};

async function parseForm(contentType: string | undefined, body: string): Promise<FormData> {
  const response = new Response(Buffer.from(body), { headers: { "content-type": contentType ?? "" } });
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- deprecated for servers; here it is the second opinion on our own form
  return response.formData();
}

async function fileIn(form: FormData): Promise<{ name: string; type: string; content: string }> {
  const file = form.get("file");
  if (file === null || typeof file === "string") throw new Error("The form has no file");
  return { name: file.name, type: file.type, content: await file.text() };
}

describe("upload", () => {
  it("sends a form that other parsers read, with its length when it is known", async () => {
    const { client, server } = await pair((_, response) => json(response, 201, FILE));
    await client.files.upload({
      object: "people",
      recordId: "r",
      parentFolderId: "p",
      name: 'a "b".txt',
      contentType: "text/plain",
      content: Buffer.from("hello\r\n--x"),
    });
    const [request] = server.requests;
    expect(`${request?.method} ${request?.url}`).toBe("POST /v2/files/upload");
    expect(Number(request?.headers["content-length"])).toBe(request?.body.length);
    const form = await parseForm(request?.headers["content-type"], request?.body ?? "");
    expect(form.get("object")).toBe("people");
    expect(form.get("record_id")).toBe("r");
    expect(form.get("parent_folder_id")).toBe("p");
    expect(await fileIn(form)).toEqual({ name: 'a "b".txt', type: "text/plain", content: "hello\r\n--x" });
  });

  it("streams, and opens the content anew for a second attempt", async () => {
    const { client, server } = await pair((_, response, attempt) =>
      attempt === 1 ? json(response, 429, {}) : json(response, 201, FILE),
    );
    let opened = 0;
    const content = async function* () {
      opened += 1;
      for (let part = 0; part < 100; part += 1) {
        await Promise.resolve();
        yield Buffer.alloc(1000, "x");
      }
    };
    await client.files.upload({ object: "people", recordId: "r", name: "a", content });
    expect(opened).toBe(2);
    expect(server.requests[1]?.headers["transfer-encoding"]).toBe("chunked");
    const form = await parseForm(server.requests[1]?.headers["content-type"], server.requests[1]?.body ?? "");
    expect((await fileIn(form)).content).toHaveLength(100_000);
  });

  it("fails when the content can't be read", async () => {
    const { client } = await pair((_, response) => json(response, 201, FILE));
    const content = async function* (): AsyncGenerator<Uint8Array> {
      await Promise.resolve();
      throw Object.assign(new Error("gone"), { code: "ENOENT" });
    };
    const error = await rejection(
      client.files.upload({ object: "people", recordId: "r", name: "a", content }),
    );
    expect(error).toBeInstanceOf(AttioNetworkError);
    expect((error as Error).message).toContain("ENOENT");
  });
});

describe("download", () => {
  const content = "content ".repeat(50_000);

  async function storage(answer: Parameters<typeof startServer>[0]) {
    const store = await startServer(answer);
    const { client, server } = await pair((_, response) =>
      response.writeHead(302, { location: `${store.url}/signed?signature=secret` }).end(),
    );
    return { store, client, server };
  }

  it("follows to the storage without the token", async () => {
    const { store, client, server } = await storage((_, response) =>
      response
        .writeHead(200, { "content-type": "text/plain", "content-length": content.length })
        .end(content),
    );
    const download = await client.files.download("f");
    expect(download).toMatchObject({ contentType: "text/plain", size: content.length });
    const digest = createHash("sha1")
      .update(await text(download.body))
      .digest("hex");
    expect(digest).toBe(createHash("sha1").update(content).digest("hex"));
    expect(server.requests[0]?.url).toBe("/v2/files/f/download");
    expect(store.requests[0]?.url).toBe("/signed?signature=secret");
    expect(store.requests[0]?.headers.authorization).toBeUndefined();
    await store.close();
  });

  it("fails without naming the signed address", async () => {
    const { store, client } = await storage((_, response) => response.writeHead(403).end("expired"));
    const refused = await rejection(client.files.download("f"));
    expect(refused).toBeInstanceOf(AttioSchemaError);
    await store.close();
    const unreachable = await rejection(client.files.download("f"));
    expect(unreachable).toBeInstanceOf(AttioNetworkError);
    for (const error of [refused, unreachable]) expect(inspect(error, { depth: 9 })).not.toContain("secret");
  });

  it("ends with its signal", async () => {
    const controller = new AbortController();
    const stop = new Error("stop");
    const { store, client } = await storage(() => controller.abort(stop));
    await expect(client.files.download("f", { signal: controller.signal })).rejects.toBe(stop);
    await store.close();
  });

  it("refuses an answer that points nowhere", async () => {
    const { client } = await pair((_, response) => response.writeHead(200).end("content"));
    await expect(client.files.download("f")).rejects.toMatchObject({ code: "unexpected_status" });
  });
});
