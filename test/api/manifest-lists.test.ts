import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { startRegistry, type TestRegistry } from "../fixtures/registry.ts";
import { runCommand } from "../fixtures/run-command.ts";
import { useEngine } from "./harness.ts";

const GANTRY = fileURLToPath(new URL("../../gantry", import.meta.url));

/** Every command is run by docker's command line and by this one, each with a configuration of its own. */
describe("manifest lists, beside docker's own command line", () => {
  const harness = useEngine();
  let registry: TestRegistry;
  const folders = { docker: "", gantry: "" };

  beforeAll(async () => {
    registry = await startRegistry();
    for (const program of ["docker", "gantry"] as const) {
      folders[program] = join(harness.engine.directory, `config-${program}`);
      mkdirSync(folders[program]);
    }
    const tar = join(harness.engine.directory, "busybox.tar");
    for (const [architecture, repository] of [
      ["amd64", "one"],
      ["arm64", "one"],
      ["s390x", "two"],
    ]) {
      const name = `${registry.address}/${repository}:${architecture}`;
      await harness.docker(["import", "--platform", `linux/${architecture}`, tar, name]);
      expect((await harness.docker(["push", "-q", name])).code).toBe(0);
    }
  });
  afterAll(async () => {
    await registry?.[Symbol.asyncDispose]();
  });

  async function runWith(program: "docker" | "gantry", args: readonly string[]) {
    const command = program === "docker" ? "docker" : GANTRY;
    const env = { DOCKER_HOST: harness.engine.host, DOCKER_CONFIG: folders[program] };
    const { stdout, stderr, code } = await runCommand([command, "manifest", ...args], { env });
    return { code, stdout, stderr: stderr.replaceAll("gantry", "docker") };
  }

  const storeOf = (program: "docker" | "gantry") => {
    const root = join(folders[program], "manifests");
    return readdirSync(root, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => [entry.name, readFileSync(join(entry.parentPath, entry.name), "utf8")])
      .sort();
  };

  test("create, annotate, inspect, push and rm print and keep the same", async () => {
    const { address } = registry;
    const list = `${address}/one:list`;
    const commands: ReadonlyArray<readonly [code: number, ...args: string[]]> = [
      [0, "inspect", "--insecure", `${address}/one:amd64`],
      [0, "inspect", "--insecure", "--verbose", `${address}/one:arm64`],
      [1, "inspect", "--insecure", `${address}/one:none`],
      [0, "create", "--insecure", list, `${address}/one:amd64`, `${address}/one:arm64`],
      [1, "create", "--insecure", list, `${address}/one:amd64`],
      [0, "create", "--insecure", "--amend", list, `${address}/two:s390x`],
      [
        0,
        "annotate",
        "--variant",
        "v8",
        "--os-features",
        "a,b",
        "--os-version",
        "1",
        list,
        `${address}/one:arm64`,
      ],
      [1, "annotate", "--os", "linux", "--arch", "vax", list, `${address}/one:arm64`],
      [1, "annotate", "--arch", "arm", list, `${address}/one:none`],
      [0, "inspect", list],
      [0, "inspect", "-v", list],
      [0, "inspect", list, `${address}/one:arm64`],
      [1, "inspect", list, `${address}/one:none`],
      [0, "push", "--insecure", list],
      [0, "push", "--insecure", "--purge", list],
      [0, "inspect", "--insecure", "--verbose", list],
      [1, "create", "--insecure", `${address}/x`, list],
      [1, "push", list],
      [1, "rm", list, "Upper"],
      [1, "create", "alone"],
    ];
    for (const [code, ...args] of commands) {
      const theirs = await runWith("docker", args);
      const ours = await runWith("gantry", args);
      expect([args, ours]).toEqual([args, theirs]);
      expect([args, ours.code]).toEqual([args, code]);
      if (args[0] === "create" || args[0] === "annotate")
        expect(storeOf("gantry")).toEqual(storeOf("docker"));
    }
    expect((await harness.docker(["pull", "-q", "--platform", "linux/s390x", list])).code).toBe(0);
    const pulled = await harness.docker(["image", "inspect", "-f", "{{.Architecture}}", list]);
    expect(pulled.stdout).toBe("s390x\n");
  });
});
