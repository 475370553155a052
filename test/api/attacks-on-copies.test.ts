import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runOrThrow } from "../fixtures/run-command.ts";
import { makeTempDir } from "../fixtures/temp-dir.ts";
import { TEST_IMAGE, useEngine } from "./harness.ts";

const ROUNDS = 8;
/** How often it is tried until some try meets the directory. */
const MOST_ROUNDS = 200;
const TIMEOUT_MS = 60_000;

describe("copying into and out of a container that does not want it", () => {
  const harness = useEngine();
  const host = makeTempDir("attack");
  const marker = join(host.path, "marker");
  const state = () => ({
    entries: readdirSync(marker).sort(),
    content: readFileSync(join(marker, "file"), "utf8"),
    mounts: readFileSync("/proc/self/mounts", "utf8").includes(marker),
  });
  let before: ReturnType<typeof state>;

  beforeAll(() => {
    mkdirSync(marker);
    writeFileSync(join(marker, "file"), "host");
    writeFileSync(join(host.path, "file"), "copied");
    before = state();
  });
  afterAll(() => host[Symbol.dispose]());

  /** A container in which `/race/dir` is a directory, then a link to the host's marker, then a directory again. */
  const startSwapper = async (...flags: string[]) => {
    const up = "../../../../../../../../../..";
    const swap = `mkdir -p /race/dir; cd /race; echo mine > dir/file; while :; do
      ln -s ${up}${marker} link; mv dir spare; mv link dir; rm dir; mv spare dir; done 2>/dev/null`;
    await harness.docker([
      ...["run", "-d", "--name", "swapper", "--network", "none", ...flags],
      ...[TEST_IMAGE, "sh", "-c", swap],
    ]);
  };

  test.each([[[]], [["-v", "inner:/race/dir/mounted"]]])(
    "names that change meanwhile, with %p",
    async (flags) => {
      const { docker } = harness;
      await startSwapper(...flags);
      let copied = 0;
      for (let round = 0; round < ROUNDS || (copied === 0 && round < MOST_ROUNDS); round++) {
        const [out] = await Promise.all([
          docker(["cp", "swapper:/race/dir/file", "-"]),
          docker(["cp", join(host.path, "file"), "swapper:/race/dir/"]),
          docker(["cp", join(host.path, "file"), "swapper:/race/dir/mounted/"]),
        ]);
        expect(out.stdout).not.toContain("host\0");
        if (out.stdout.includes("mine\n") || out.stdout.includes("copied\0")) copied++;
      }
      // The race was one: some tries met the directory.
      expect(copied).toBeGreaterThan(0);
      expect(state()).toEqual(before);
      await docker(["rm", "-f", "-v", "swapper"]);
      await docker(["volume", "rm", "-f", "inner"]);
    },
    TIMEOUT_MS,
  );

  test("programs of the container that are named as those that unpack", async () => {
    const { docker, engine } = harness;
    const tools = join(engine.directory, "tools");
    mkdirSync(tools);
    for (const name of ["gzip", "gunzip", "unpigz", "pigz", "zstd", "bzip2", "xz", "tar", "docker-untar"]) {
      const trojan = `#!/bin/sh\necho pwned > ${marker}/pwned; echo pwned > /pwned\n`;
      writeFileSync(join(tools, name), trojan);
      chmodSync(join(tools, name), 0o755);
    }
    await docker(["run", "-d", "--name", "trojan", "--network", "none", TEST_IMAGE, "sleep", "1000"]);
    for (const place of ["/bin", "/usr/bin", "/usr/sbin"]) {
      expect((await docker(["cp", `${tools}/.`, `trojan:${place}/`])).code).toBe(0);
    }
    for (const compress of ["gzip", "zstd", "cat"]) {
      const tar = join(engine.directory, `archive.${compress}`);
      await runOrThrow([
        "sh",
        "-c",
        `tar -C '${host.path}' -c file | ${compress} -c > '${tar}'`.replace("cat -c", "cat"),
      ]);
      const { code, stderr } = await docker(["cp", "-", "trojan:/tmp"], { stdin: readFileSync(tar) });
      expect([code, stderr]).toEqual([0, ""]);
      expect((await docker(["exec", "trojan", "cat", "/tmp/file"])).stdout).toBe("copied");
    }
    expect((await docker(["exec", "trojan", "ls", "/pwned"])).code).not.toBe(0);
    expect(state()).toEqual(before);
    await docker(["rm", "-f", "trojan"]);
  });
});
