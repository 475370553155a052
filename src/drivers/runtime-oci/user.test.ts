import { expect, test } from "bun:test";
import { findInDatabases, parseGroup, parsePasswd } from "./user.ts";

const databases = {
  passwd: parsePasswd(
    "# comment\nroot:x:0:0:root:/root:/bin/sh\n\nbob:x:1000:1001:Bob:/home/bob:/bin/sh\n1000x:x:5:6::/n:\n77:x:8:9::/seven:\n",
  ),
  groups: parseGroup("root:x:0:\nstaff:x:50:bob,ann\nwheel:x:10:bob\nbob:x:1001:\n"),
};
const find = (spec: string, groups: string[] = []) => findInDatabases(spec, groups, databases);

test("names bring their group, their supplementary groups and their home", () => {
  expect(find("bob")).toEqual({
    user: { uid: 1000, gid: 1001, additionalGids: [1001, 50, 10] },
    home: "/home/bob",
  });
  expect(find("")).toEqual({ user: { uid: 0, gid: 0, additionalGids: [0] }, home: "/root" });
});

test("numbers need no entry, and use one that is there", () => {
  expect(find("4242")).toEqual({ user: { uid: 4242, gid: 0, additionalGids: [0] }, home: "/" });
  expect(find("1000").user.gid).toBe(1001);
  expect(find("77").user.uid).toBe(8);
});

test("a group that was named takes the place of all others", () => {
  expect(find("bob:staff").user).toEqual({ uid: 1000, gid: 50, additionalGids: [50] });
  expect(find("7:8").user).toEqual({ uid: 7, gid: 8, additionalGids: [8] });
  expect(find("bob:staff", ["wheel", "123"]).user.additionalGids).toEqual([50, 10, 123]);
});

test("what is not there is refused in docker's words", () => {
  expect(() => find("foo")).toThrow("unable to find user foo: no matching entries in passwd file");
  expect(() => find("bob:nope")).toThrow("unable to find group nope: no matching entries in group file");
  expect(() => find("bob", ["nope"])).toThrow("unable to find group nope: no matching entries");
  expect(() => find("2147483648")).toThrow("uids and gids must be in range 0-2147483647");
  expect(() => find("-1")).toThrow("uids and gids must be in range 0-2147483647");
  expect(() => find("0:4294967296")).toThrow("uids and gids must be in range 0-2147483647");
});
