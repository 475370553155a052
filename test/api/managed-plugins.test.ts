import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { makePluginTree, PLUGIN_RUNTIME } from "../fixtures/plugin-tree.ts";
import { startRegistry, type TestRegistry } from "../fixtures/registry.ts";
import { runCommand } from "../fixtures/run-command.ts";
import { TEST_IMAGE, useEngine } from "./harness.ts";

const GANTRY = fileURLToPath(new URL("../../gantry", import.meta.url));

describe("managed plug-ins", () => {
  const harness = useEngine();
  const docker = (...args: string[]) => harness.docker(args);
  const plugin = async (...args: string[]) => await docker("plugin", ...args);
  let registry: TestRegistry;
  let remote: string;

  beforeAll(async () => {
    registry = await startRegistry();
    remote = `${registry.address}/sample/volumes:1`;
  });
  afterAll(async () => await registry[Symbol.asyncDispose]());

  const inspect = async (name: string) => JSON.parse((await plugin("inspect", name)).stdout)[0];
  /** The process of the sample plug-in: nothing else has that root file system. */
  const pidOf = async (name: string): Promise<number> => {
    const { Id } = await inspect(name);
    const isPlugin = (pid: string) => {
      try {
        return readFileSync(`/proc/${pid}/mountinfo`, "utf8").includes(`/${Id}/rootfs-`);
      } catch {
        // It has ended meanwhile.
        return false;
      }
    };
    return Number(readdirSync("/proc").find((entry) => /^\d+$/.test(entry) && isPlugin(entry)));
  };

  test("are made from a directory, pushed, removed and installed again", async () => {
    const tree = join(harness.engine.directory, "tree");
    makePluginTree(tree);
    expect(await plugin("create", remote, tree)).toEqual({ stdout: `${remote}\n`, stderr: "", code: 0 });
    expect((await plugin("create", remote, tree)).stderr).toBe(
      `Error response from daemon: plugin ${remote} already exists\n`,
    );
    expect((await plugin("ls", "--format", "{{.Name}} {{.Description}} {{.Enabled}}")).stdout).toBe(
      `${remote} keeps volumes as directories false\n`,
    );
    const pushed = await plugin("push", remote);
    expect(pushed.stderr).toBe("");
    expect(pushed.stdout).toMatch(/1: digest: sha256:[0-9a-f]{64} size: \d+/);
    expect(await plugin("rm", remote)).toEqual({ stdout: `${remote}\n`, stderr: "", code: 0 });
    const install = ["install", "--alias", "sample", "--grant-all-permissions", "--disable", remote];
    const installed = await plugin(...install);
    expect(installed.stderr).toBe("");
    expect(installed.stdout).toContain(`Installed plugin ${remote}\n`);
    expect(await inspect("sample")).toMatchObject({
      Name: "sample:latest",
      Enabled: false,
      PluginReference: remote,
      Config: {
        Interface: { Socket: "volumes.sock", Types: ["docker.volumedriver/1.0"] },
        PropagatedMount: "/data",
      },
      Settings: { Args: ["/data/volumes"], Env: ["MARK=first"] },
    });
  });

  test("are set, enabled and used, and are in use then", async () => {
    expect((await plugin("set", "sample", "nosuch=1")).stderr).toBe(
      'Error response from daemon: setting "nosuch" not found in the plugin configuration\n',
    );
    expect((await plugin("set", "sample", "usr.source=/tmp")).stderr).toBe(
      'Error response from daemon: "usr.source" is not settable\n',
    );
    expect((await plugin("set", "sample", "root=/data/other", "MARK=second")).code).toBe(0);
    expect((await inspect("sample")).Settings).toMatchObject({ Args: ["/data/other"], Env: ["MARK=second"] });
    expect((await docker("volume", "create", "-d", "sample", "v")).stderr).toContain(
      "plugin sample found but disabled",
    );
    expect(await plugin("enable", "sample")).toEqual({ stdout: "sample\n", stderr: "", code: 0 });
    expect((await plugin("enable", "sample")).stderr).toBe(
      "Error response from daemon: plugin already enabled: plugin sample:latest is enabled\n",
    );
    expect((await plugin("set", "sample", "MARK=x")).stderr).toContain("cannot set on an active plugin");
    expect((await docker("volume", "create", "-d", "sample", "far")).stdout).toBe("far\n");
    const script = "echo content > /v/f; cat /v/f";
    const run = await docker("run", "--rm", "-v", "far:/v", TEST_IMAGE, "sh", "-c", script);
    expect(run).toEqual({ stdout: "content\n", stderr: "", code: 0 });
    const [volume] = JSON.parse((await docker("volume", "inspect", "far")).stdout);
    expect(volume.Driver).toBe("sample:latest");
    expect(readFileSync(join(volume.Mountpoint, "f"), "utf8")).toBe("content\n");
    for (const verb of [["disable"], ["rm"]]) {
      expect((await plugin(...verb, "sample")).stderr).toBe(
        "Error response from daemon: plugin sample:latest is in use\n",
      );
    }
    const filters = async (...values: string[]) =>
      (await plugin("ls", "--format", "{{.Name}}", ...values.flatMap((value) => ["-f", value]))).stdout;
    expect(await filters("enabled=true", "capability=volumedriver")).toBe("sample:latest\n");
    expect(await filters("enabled=false")).toBe("");
    expect(await filters("capability=authz")).toBe("");
    expect((await docker("ps", "-aq")).stdout).toBe("");
    const { stdout } = await docker("info", "-f", "{{json .Plugins.Volume}}");
    expect(JSON.parse(stdout)).toEqual(["local"]);
  });

  test("live on while the engine is away, and come back when they end", async () => {
    const before = await pidOf("sample");
    await harness.engine.crash();
    expect(existsSync(`/proc/${before}`)).toBe(true);
    await harness.engine.restart();
    expect(await pidOf("sample")).toBe(before);
    const read = ["run", "--rm", "-v", "far:/v", TEST_IMAGE, "cat", "/v/f"];
    expect((await docker(...read)).stdout).toBe("content\n");
    process.kill(before, "SIGKILL");
    expect((await docker(...read)).stdout).toBe("content\n");
    const after = await pidOf("sample");
    expect(after).not.toBe(before);
    await harness.engine.crash();
    process.kill(after, "SIGKILL");
    await harness.engine.restart();
    expect((await docker(...read)).stdout).toBe("content\n");
  });

  test("are upgraded only while disabled, and leave nothing behind", async () => {
    expect((await plugin("upgrade", "--grant-all-permissions", "sample")).stderr).toContain(
      "must be disabled",
    );
    expect((await plugin("disable", "-f", "sample")).stdout).toBe("sample\n");
    const upgraded = await plugin("upgrade", "--grant-all-permissions", "sample");
    expect(upgraded.stdout).toContain(`Upgraded plugin sample:latest to ${remote}\n`);
    await plugin("enable", "sample");
    expect((await docker("volume", "rm", "far")).stdout).toBe("far\n");
    expect((await plugin("rm", "sample")).stderr).toBe(
      "Error response from daemon: plugin sample:latest is enabled\n",
    );
    expect((await plugin("disable", "sample")).stdout).toBe("sample\n");
    expect((await plugin("disable", "sample")).stderr).toBe(
      "Error response from daemon: plugin is already disabled: plugin sample:latest found but disabled\n",
    );
    expect((await plugin("rm", "sample")).stdout).toBe("sample\n");
    expect(await plugin("inspect", "sample")).toMatchObject({ stdout: "[]\n", code: 1 });
    const root = join(harness.engine.dataRoot, "plugins");
    expect(readdirSync(join(root, "installed"))).toEqual([]);
    expect(readdirSync(join(root, "unfinished"))).toEqual([]);
    expect(readdirSync(join(harness.engine.runRoot, "plugins"))).toEqual([]);
    expect(readFileSync("/proc/self/mountinfo", "utf8")).not.toContain(root);
  });

  test("are handled by this program's own command line as by docker's", async () => {
    const gantry = (stdin: string, ...args: string[]) =>
      runCommand([GANTRY, "-H", harness.engine.host, "--no-autostart", "plugin", ...args], {
        stdin,
        env: { DOCKER_CONTEXT: undefined },
      });
    const declined = await gantry("n\n", "install", remote);
    expect(declined).toMatchObject({
      code: 1,
      stderr: `permission denied while installing plugin ${remote}\n`,
    });
    expect(declined.stdout).toContain(
      `Plugin "${remote}" is requesting the following privileges:\n - mount: [/usr]\n`,
    );
    const installed = await gantry("y\n", "install", "--alias", "mine", remote, "MARK=own");
    expect(installed.stdout).toEndWith(`Installed plugin ${remote}\n`);
    const format = "{{.Name}} {{.Enabled}} {{.Settings.Env}}";
    expect((await gantry("", "inspect", "-f", format, "mine")).stdout).toBe("mine:latest true [MARK=own]\n");
    expect((await gantry("", "disable", "mine")).stdout).toBe("mine\n");
    expect((await gantry("", "set", "mine", "MARK=other")).code).toBe(0);
    expect((await gantry("", "ls")).stdout).toMatch(
      /^ID +NAME +DESCRIPTION +ENABLED\n[0-9a-f]{12} +mine:latest +keeps volumes as directories +false\n$/,
    );
    expect((await gantry("", "rm", "mine")).stdout).toBe("mine\n");
  });

  test("that ask for more than was agreed to, or do not listen, are refused", async () => {
    const response = await fetch(`http://engine/v1.44/plugins/pull?remote=${remote}`, {
      method: "POST",
      body: JSON.stringify([{ Name: "network", Description: "", Value: ["host"] }]),
      headers: { "Content-Type": "application/json" },
      unix: harness.engine.socketPath,
    });
    expect(await response.text()).toContain("incorrect privileges");
    expect((await plugin("ls", "-q")).stdout).toBe("");
    const tree = join(harness.engine.directory, "silent");
    makePluginTree(tree, { entrypoint: [PLUGIN_RUNTIME, "-e", "process.exit(3)"] });
    await plugin("create", "silent", tree);
    const failed = await plugin("enable", "silent");
    expect(failed.stderr).toContain("has ended without listening");
    expect(await inspect("silent")).toMatchObject({ Enabled: false });
    expect((await plugin("rm", "silent")).code).toBe(0);
    makePluginTree(tree, { interface: { types: [] }, mounts: [{ name: "m", settable: ["source"] }] });
    await plugin("create", "unfinished", tree);
    expect((await plugin("enable", "unfinished")).stderr).toContain(
      'invalid plugin config: interface socket ""',
    );
    expect((await plugin("rm", "unfinished")).code).toBe(0);
    const image = await plugin("install", "--grant-all-permissions", `${registry.address}/nosuch`);
    expect(image.code).toBe(1);
  });
});
