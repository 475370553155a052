import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { TEST_IMAGE, useEngine } from "./harness.ts";

const SECOND_NS = 1_000_000_000;

/** Flags, the part of `inspect` that shows them, and what it is. */
type Shown = readonly [flags: string[], format: string, value: unknown];

const shown: Shown[] = [
  [
    ["--stop-signal", "USR1", "--stop-timeout", "7"],
    "[{{json .Config.StopSignal}},{{json .Config.StopTimeout}}]",
    ["USR1", 7],
  ],
  [["--annotation", "a=b"], "{{json .HostConfig.Annotations}}", { a: "b" }],
  [
    ["--restart", "on-failure:3"],
    "{{json .HostConfig.RestartPolicy}}",
    { Name: "on-failure", MaximumRetryCount: 3 },
  ],
  [["--expose", "7000-7001/udp"], "{{json .Config.ExposedPorts}}", { "7000/udp": {}, "7001/udp": {} }],
  [["--no-healthcheck"], "{{json .Config.Healthcheck}}", { Test: ["NONE"] }],
  [
    [
      ...[
        "--health-cmd",
        "true",
        "--health-interval",
        "3s",
        "--health-timeout",
        "2s",
        "--health-retries",
        "4",
      ],
      ...["--health-start-period", "5s", "--health-start-interval", "1s"],
    ],
    "{{json .Config.Healthcheck}}",
    {
      Test: ["CMD-SHELL", "true"],
      Interval: 3 * SECOND_NS,
      Timeout: 2 * SECOND_NS,
      StartPeriod: 5 * SECOND_NS,
      StartInterval: SECOND_NS,
      Retries: 4,
    },
  ],
  [["--isolation", "default"], "{{json .HostConfig.Isolation}}", "default"],
  [["--oom-kill-disable=false"], "{{json .HostConfig.OomKillDisable}}", false],
  [
    ["--device", "/dev/null:/dev/x:r"],
    "{{json .HostConfig.Devices}}",
    [{ PathOnHost: "/dev/null", PathInContainer: "/dev/x", CgroupPermissions: "r" }],
  ],
  [["--init"], "{{json .HostConfig.Init}}", true],
  [
    ["--cap-add", "net_admin", "--cap-drop", "all"],
    "[{{json .HostConfig.CapAdd}},{{json .HostConfig.CapDrop}}]",
    [["CAP_NET_ADMIN"], ["ALL"]],
  ],
  [["--ulimit", "nofile=5:6"], "{{json .HostConfig.Ulimits}}", [{ Name: "nofile", Soft: 5, Hard: 6 }]],
  [
    ["--security-opt", "systempaths=unconfined"],
    "[{{json .HostConfig.MaskedPaths}},{{json .HostConfig.ReadonlyPaths}}]",
    [[], []],
  ],
  [["--privileged"], "{{json .HostConfig.SecurityOpt}}", ["label=disable"]],
  [["--pid", "host"], "{{json .HostConfig.SecurityOpt}}", ["label=disable"]],
  [["--ipc", "host", "--security-opt", "label=type:x"], "{{json .HostConfig.SecurityOpt}}", ["label=type:x"]],
  [["--uts", "host"], "{{eq .Config.Hostname (slice .Id 0 12)}}", true],
];

describe("flags of create", () => {
  const harness = useEngine();
  const create = async (flags: readonly string[]) => {
    const { stdout, stderr, code } = await harness.docker(["create", ...flags, TEST_IMAGE]);
    if (code !== 0) throw new Error(stderr);
    return stdout.trim();
  };
  const inspect = async (id: string, format: string): Promise<unknown> =>
    JSON.parse((await harness.docker(["inspect", "-f", format, id])).stdout);

  test.each(shown)("%p are kept", async (flags, format, value) => {
    expect(await inspect(await create(flags), format)).toEqual(value);
  });

  test("containers to join are named by id, links of networks that users made by what they say", async () => {
    const id = await create(["--name", "joined"]);
    const joining = [
      "--pid",
      "container:joined",
      "--ipc",
      "container:joined",
      "--network",
      "container:joined",
    ];
    const modes =
      "[{{json .HostConfig.PidMode}},{{json .HostConfig.IpcMode}},{{json .HostConfig.NetworkMode}}]";
    expect(await inspect(await create(joining), modes)).toEqual(Array(3).fill(`container:${id}`));
    await harness.docker(["network", "create", "of-users"]);
    const linked = await create(["--network", "of-users", "--link", "nobody:alias"]);
    expect(await inspect(linked, "{{json .HostConfig.Links}}")).toBe(null);
    expect(await inspect(linked, '{{json (index .NetworkSettings.Networks "of-users").Links}}')).toEqual([
      "nobody:alias",
    ]);
  });

  test("--env-file, --label-file", async () => {
    const { engine } = harness;
    const env = join(engine.directory, "env");
    const labels = join(engine.directory, "labels");
    writeFileSync(env, '# a comment\nA=1\n\nQUOTED="as it is"\nHOME\nABSENT_HERE\n');
    writeFileSync(labels, "# a comment\nfrom=file\nboth=file\n");
    const id = await create(["--env-file", env, "-e", "B=2", "--label-file", labels, "-l", "both=flag"]);
    const variables = (await inspect(id, "{{json .Config.Env}}")) as string[];
    expect(variables.slice(0, 4)).toEqual(["A=1", 'QUOTED="as it is"', `HOME=${process.env["HOME"]}`, "B=2"]);
    expect(await inspect(id, "{{json .Config.Labels}}")).toEqual({ from: "file", both: "flag" });
    const missing = await harness.docker(["create", "--env-file", join(engine.directory, "no"), TEST_IMAGE]);
    expect([missing.code, missing.stderr]).toEqual([
      125,
      expect.stringContaining("no such file or directory"),
    ]);
    writeFileSync(env, "A B=1\n");
    const spaced = await harness.docker(["create", "--env-file", env, TEST_IMAGE]);
    expect(spaced.stderr).toContain("variable 'A B' contains whitespaces");
  });

  test("-P publishes what is exposed", async () => {
    const { docker } = harness;
    await docker(["run", "-d", "--name", "all", "-P", "--expose", "7000", TEST_IMAGE, "sleep", "1000"]);
    expect((await docker(["port", "all", "7000"])).stdout).toMatch(/^0\.0\.0\.0:\d+\n/);
  });

  test.each([
    [
      ["--restart", "often"],
      "invalid restart policy: unknown policy 'often'; use one of 'no', 'always', 'on-failure', or 'unless-stopped'",
    ],
    [
      ["--restart", "always:3"],
      "invalid restart policy: maximum retry count can only be used with 'on-failure'",
    ],
    [["--restart", "on-failure:-1"], "invalid restart policy: maximum retry count cannot be negative"],
    [["--restart", "on-failure:x"], "invalid restart policy format: maximum retry count must be an integer"],
    [["--health-cmd", "x", "--health-interval", "1us"], "Interval in Healthcheck cannot be less than 1ms"],
    [
      ["--health-cmd", "x", "--health-start-interval", "1us"],
      "StartInterval in Healthcheck cannot be less than 1ms",
    ],
    [["--no-healthcheck", "--health-cmd", "x"], "--no-healthcheck conflicts with --health-* options"],
    [["-w", "relative"], "the working directory 'relative' is invalid, it needs to be an absolute path"],
    [["--annotation", "=b"], "invalid Annotations: the empty string is not permitted as an annotation key"],
    [["--runtime", "nope"], "unknown or invalid runtime name: nope"],
    [["--tmpfs", "/"], "invalid specification: destination can't be '/'"],
    [["--expose", "x"], "invalid range format for --expose: x"],
  ])("%p is refused", async (flags, text) => {
    const { stderr, code } = await harness.docker(["create", ...flags, TEST_IMAGE]);
    expect(stderr).toContain(text);
    expect(code).not.toBe(0);
  });
});
