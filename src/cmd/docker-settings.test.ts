import { expect, test } from "bun:test";
import { readDaemonSettings } from "./daemon-settings.ts";

const read = (...flags: string[]) => readDaemonSettings(["--config-file", "/dev/null", ...flags]);

test("what docker's own service file passes is taken, with a word about it", () => {
  const { notes } = read("-H", "fd://", "--containerd=/run/containerd/containerd.sock");
  expect(notes).toEqual(["this engine runs containers without containerd: --containerd has no effect"]);
  expect(read().notes).toEqual([]);
});

test("features are switches, and those without an effect are named", () => {
  const { settings, notes } = read("--feature", "cdi=false", "--feature", "buildkit");
  expect(settings.feature).toEqual({ cdi: false, buildkit: true });
  expect(notes).toEqual(["feature buildkit is not known here: it has no effect"]);
  expect(() => read("--feature", "=x")).toThrow('for "--feature" flag: invalid option name: =x');
});

test("parts that dockerd has and this engine has not are refused where they are asked for", () => {
  expect(read("--network-control-plane-mtu", "1500", "--restart").settings.restart).toBe(true);
  for (const [flags, reason] of [
    [["--restart=false"], "restart is not supported: use restart policies of containers"],
    [["--userns-remap", "default"], "userns-remap is not supported: "],
    [["--metrics-addr", "127.0.0.1:9323"], "metrics-addr is not supported: "],
    [["--api-cors-header", "*"], 'DEPRECATED: The "api-cors-header" config parameter'],
    [["--exec-opt", "native.cgroupdriver=systemd"], "invalid exec-opt (native.cgroupdriver=systemd): "],
    [["--exec-opt", "isolation=hyperv"], "option 'isolation' is only supported on windows"],
    [["--exec-opt", "native"], "invalid exec-opt (native): must be formatted 'opt=value'"],
    [["--log-format", "xml"], "invalid log format: xml"],
  ] as const) {
    expect(() => read(...flags)).toThrow(reason);
  }
});
