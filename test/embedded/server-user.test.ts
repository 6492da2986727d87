import { describe, expect, test } from "vitest";
import { mayEnter, parsePasswd, pickServerUser } from "../../src/embedded/server-user.ts";

const root = { name: "root", uid: 0, gid: 0 };
const nobody = { name: "nobody", uid: 65534, gid: 65534 };
const admin = { name: "postgres", uid: 101, gid: 104 };
const ada = { name: "ada", uid: 1000, gid: 1000 };

test("passwd lines become users; empty and malformed lines are passed over", () => {
  const text =
    "root:x:0:0:root:/root:/bin/sh\n\nbroken\nnobody:x:65534:65534::/nonexistent:/usr/sbin/nologin\n";
  expect(parsePasswd(text)).toEqual([root, nobody]);
});

describe("run by root, the server runs as", () => {
  test("the owner of the data", () => {
    expect(pickServerUser([root, nobody, admin, ada], ada.uid)).toEqual(ada);
  });
  test("nobody, where root owns the data", () => {
    expect(pickServerUser([root, admin, nobody], root.uid)).toEqual(nobody);
  });
  test("nobody, where the owner has no passwd entry", () => {
    expect(pickServerUser([root, nobody], 4711)).toEqual(nobody);
  });
  test("postgres, where there is no nobody", () => {
    expect(pickServerUser([root, admin], null)).toEqual(admin);
  });
  test("no one, where there is only root: the error says what to do", () => {
    expect(() => pickServerUser([root], null)).toThrow(/set DATABASE_URL/);
  });
});

describe("a user may enter a folder", () => {
  test.each([
    { what: "of his own by the owner's bit alone", folder: { uid: 1000, gid: 0, mode: 0o700 }, may: true },
    { what: "of his own not, whatever others may", folder: { uid: 1000, gid: 0, mode: 0o077 }, may: false },
    { what: "of his group by the group's bit", folder: { uid: 0, gid: 1000, mode: 0o710 }, may: true },
    { what: "of his group not, whatever others may", folder: { uid: 0, gid: 1000, mode: 0o701 }, may: false },
    { what: "of others by the last bit", folder: { uid: 0, gid: 0, mode: 0o711 }, may: true },
    { what: "of others not, where it is closed", folder: { uid: 0, gid: 0, mode: 0o700 }, may: false },
  ])("$what", ({ folder, may }) => {
    expect(mayEnter(folder, ada)).toBe(may);
  });
});
