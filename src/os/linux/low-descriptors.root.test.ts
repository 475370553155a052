import { expect, test } from "bun:test";
import { closeSync, mkdtempSync, openSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createNetworkNamespace, deleteNetworkNamespace } from "./namespace.ts";
import { Nftables } from "./nftables/mod.ts";

test("rules are made although the process has more files open than select(2) can count", async () => {
  const folder = mkdtempSync(join(tmpdir(), "gantry-low-"));
  const namespace = join(folder, "net");
  createNetworkNamespace(namespace);
  // Before the process has many: from here on low numbers are kept.
  await using first = Nftables.open({ namespace });
  const files = Array.from({ length: 1_100 }, () => openSync("/dev/null", "r"));
  try {
    for (let round = 0; round < 50; round++) {
      await using rules = Nftables.open({ namespace });
      await rules.run("add table inet many");
    }
    expect(await first.run("list tables")).toBe("table inet many\n");
    const open = Array.from({ length: 20 }, () => Nftables.open({ namespace }));
    for (const rules of open) await rules.run("add table inet many");
    for (const rules of open) await rules.close();
  } finally {
    for (const fd of files) closeSync(fd);
    deleteNetworkNamespace(namespace);
    rmSync(folder, { recursive: true });
  }
});
