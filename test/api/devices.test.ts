import { describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TEST_IMAGE, useEngine } from "./harness.ts";

const LAMPS = `
cdiVersion: "0.5.0"
kind: "vendor.example/lamp"
containerEdits:
  env: ["LAMPS=on"]
devices:
- name: red
  containerEdits:
    env: ["COLOUR=red"]
    deviceNodes:
    - path: /dev/red
      hostPath: /dev/zero
    mounts:
    - hostPath: HOST/share
      containerPath: /opt/lamps
      options: [ro, nosuid, bind]
    hooks:
    - hookName: createRuntime
      path: /bin/sh
      args: [sh, -c, "echo ran >> HOST/hook"]
`;

describe("devices by name", () => {
  const directory = mkdtempSync(join(tmpdir(), "gantry-cdi-"));
  const harness = useEngine({ flags: ["--cdi-spec-dir", directory] });
  const run = (flags: readonly string[], script: string) =>
    harness.docker(["run", "--rm", "--network", "none", ...flags, TEST_IMAGE, "sh", "-c", script]);

  test("--device vendor/class=name", async () => {
    mkdirSync(join(directory, "share"));
    writeFileSync(join(directory, "share/manual"), "turn on\n");
    writeFileSync(join(directory, "lamps.yaml"), LAMPS.replaceAll("HOST", directory));
    const script =
      "echo $LAMPS $COLOUR; head -c 3 /dev/red | wc -c; cat /opt/lamps/manual; touch /opt/lamps/x";
    const { stdout, stderr } = await run(["--device", "vendor.example/lamp=red"], script);
    expect(stdout).toBe("on red\n3\nturn on\n");
    expect(stderr).toContain("Read-only file system");
    expect(await Bun.file(join(directory, "hook")).text()).toBe("ran\n");
    const info = JSON.parse((await harness.docker(["info", "-f", "{{json .}}"])).stdout) as object;
    expect(info).toMatchObject({
      CDISpecDirs: [directory],
      DiscoveredDevices: [{ Source: "cdi", ID: "vendor.example/lamp=red" }],
    });
  });

  test("what no file describes, and what no driver serves", async () => {
    const unknown = await run(["--device", "vendor.example/lamp=blue"], "true");
    expect(unknown.stderr).toContain(
      "CDI device injection failed: unresolvable CDI devices vendor.example/lamp=blue",
    );
    const gpus = await run(["--gpus", "all"], "true");
    expect(gpus.stderr).toContain('could not select device driver "" with capabilities: [[gpu]]');
    expect([unknown.code, gpus.code]).toEqual([125, 125]);
    rmSync(directory, { recursive: true });
  });
});
