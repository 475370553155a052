import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isEmulated } from "./binfmt.ts";

const AARCH64 = { machine: 183, bits: 64 } as const;
const S390X = { machine: 22, bits: 64, bigEndian: true } as const;

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), "gantry-binfmt-"));
  writeFileSync(join(root, "register"), "");
  writeFileSync(join(root, "status"), "enabled\n");
  writeFileSync(
    join(root, "qemu-aarch64"),
    "enabled\ninterpreter /usr/bin/qemu-aarch64-static\nflags: OCF\noffset 0\nmagic 7f454c460201010000000000000000000200b700\nmask ffffffffffffff00fffffffffffffffffeffffff\n",
  );
  writeFileSync(
    join(root, "qemu-s390x"),
    "disabled\ninterpreter /usr/bin/qemu-s390x-static\nflags: \noffset 0\nmagic 7f454c4602020100000000000000000000020016\n",
  );
  writeFileSync(join(root, "jar"), "enabled\ninterpreter /usr/bin/jexec\nflags: \nextension .jar\n");
});
afterAll(() => rmSync(root, { recursive: true }));

test("programs of a kind are known by the head that an entry asks for", () => {
  expect(isEmulated(AARCH64, root)).toBe(true);
  expect(isEmulated({ ...AARCH64, bits: 32 }, root)).toBe(false);
  expect(isEmulated(S390X, root)).toBe(false);
  expect(isEmulated({ machine: 243, bits: 64 }, root)).toBe(false);
  expect(isEmulated(AARCH64, join(root, "nothing"))).toBe(false);
});
