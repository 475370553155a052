import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { drivesOriginal } from "../fixtures/docker-cli.ts";
import { startRegistry, type TestRegistry } from "../fixtures/registry.ts";
import { runCommand } from "../fixtures/run-command.ts";
import { startTerminal } from "../fixtures/terminal.ts";
import { useEngine } from "./harness.ts";

const GANTRY = fileURLToPath(new URL("../../gantry", import.meta.url));

/** Every command is run by docker's command line and by this one, each with a configuration of its own. */
describe.skipIf(!drivesOriginal)("images on the command line, beside docker's own", () => {
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
    const { stdout, stderr, code } = await runCommand([command, ...args], { env });
    // The program's own name is the one difference that there may be.
    const named = (text: string) => text.replaceAll("gantry", "docker");
    return { code, stdout: named(stdout), stderr: named(stderr) };
  }

  async function expectSame(code: number, args: readonly string[]): Promise<void> {
    const theirs = await runWith("docker", args);
    expect([args, await runWith("gantry", args)]).toEqual([args, theirs]);
    expect([args, theirs.code]).toEqual([args, code]);
  }

  /** What a command draws on a terminal of some width. */
  async function draw(program: "docker" | "gantry", columns: number, args: readonly string[]) {
    const env = { DOCKER_HOST: harness.engine.host, DOCKER_CONFIG: folders[program] };
    const command = program === "docker" ? "docker" : GANTRY;
    await using terminal = startTerminal([command, ...args], { columns, env });
    expect(await terminal.exited).toBe(0);
    return terminal.output();
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
      await expectSame(code, ["manifest", ...args]);
      if (args[0] === "create" || args[0] === "annotate")
        expect(storeOf("gantry")).toEqual(storeOf("docker"));
    }
    expect((await harness.docker(["pull", "-q", "--platform", "linux/s390x", list])).code).toBe(0);
    const pulled = await harness.docker(["image", "inspect", "-f", "{{.Architecture}}", list]);
    expect(pulled.stdout).toBe("s390x\n");
  });

  test("platforms: the tree, and every command that takes one", async () => {
    const name = `${registry.address}/one:tree`;
    const { docker } = harness;
    const parts = ["amd64", "arm64"].map((each) => `${registry.address}/one:${each}`);
    await docker(["manifest", "create", "--insecure", name, ...parts]);
    await docker(["manifest", "push", "--insecure", name]);
    await docker(["rmi", ...parts]);
    for (const platform of ["linux/arm64", "linux/amd64"]) {
      expect((await docker(["pull", "-q", "--platform", platform, name])).code).toBe(0);
    }
    const { stdout: container } = await docker(["create", "--platform", "linux/amd64", name, "sh"]);
    const image = [
      "image",
      "inspect",
      "-f",
      "{{.Id}} {{.Architecture}} {{.RepoTags}} {{.Descriptor.digest}}",
    ];
    const commands: ReadonlyArray<readonly [code: number, ...args: string[]]> = [
      [0, "image", "ls", "--tree"],
      [0, "image", "ls", "--tree", "--filter", "dangling=true"],
      [1, "image", "ls", "--tree", "--quiet"],
      [1, "image", "ls", "--tree", "--format", "x"],
      [0, "images", "ls"],
      [0, ...image, "--platform", "linux/arm64", name],
      [0, ...image, "--platform", "linux/amd64", name],
      [1, ...image, "--platform", "linux/s390x", name],
      [1, ...image, "--platform", "so so", name],
      [0, "history", "--human=false", "--no-trunc", "--platform", "linux/arm64", name],
      [1, "history", "--platform", "a/b/c/d", name],
      [1, "save", "--platform", "linux/s390x", "-o", join(harness.engine.directory, "none.tar"), name],
      [1, "load", "--platform", "so so", "-i", "/dev/null"],
      [1, "rmi", "--platform", "linux/arm64", name],
      [0, "rmi", "--force", "--platform", "linux/s390x", name],
      [1, "rmi", "--force", "--platform", "linux/amd64", name],
      [0, "push", "--platform", "linux/arm64", name],
      [0, "push", name],
      [0, "image", "rm", "--help"],
      [0, "manifest", "--help"],
      [0, "manifest", "push", "--help"],
    ];
    for (const [code, ...args] of commands) await expectSame(code, args);
    for (const columns of [50, 120]) {
      const tree = ["image", "ls", "--tree"];
      expect(await draw("gantry", columns, tree)).toBe(await draw("docker", columns, tree));
    }
    const note = ["push", "--platform", "linux/amd64", name];
    expect(await draw("gantry", 100, note)).toBe(await draw("docker", 100, note));
    await docker(["rm", container.trim()]);
    await docker(["rmi", name]);
  });
});
