import { describe, expect, test } from "bun:test";
import { parseFlags } from "../flags/parse.ts";
import { containerCreateRequest } from "./container-config.ts";
import { containerFlags } from "./container-flags.ts";
import { withProxies } from "./proxies.ts";

function request(line: string) {
  const { values, given, args } = parseFlags(containerFlags, line.split(" "), { interspersed: false });
  const [image, ...command] = args;
  return containerCreateRequest({ flags: values, given, image: image!, command, env: {}, proxies: {} });
}

describe("containerCreateRequest", () => {
  test("plain", () => {
    expect(request("busybox")).toMatchObject({
      Image: "busybox",
      Cmd: null,
      Entrypoint: null,
      AttachStdin: false,
      AttachStdout: true,
      AttachStderr: true,
      HostConfig: { NetworkMode: "default", RestartPolicy: { Name: "no" }, MemorySwappiness: -1 },
      NetworkingConfig: { EndpointsConfig: { default: {} } },
    });
  });

  test("options behind the image are the command's", () => {
    expect(request("-it --entrypoint= busybox sh -c -x")).toMatchObject({
      Tty: true,
      OpenStdin: true,
      StdinOnce: true,
      AttachStdin: true,
      Entrypoint: [""],
      Cmd: ["sh", "-c", "-x"],
    });
  });

  test("limits and flags reach their fields", () => {
    const { HostConfig } = request(
      "--cpus 1.5 -m 512m --memory-swap -1 --pids-limit 10 --shm-size 64m --init --rm --cap-drop all --read-only x",
    );
    expect(HostConfig).toMatchObject({
      NanoCpus: 1.5e9,
      Memory: 512 << 20,
      MemorySwap: -1,
      PidsLimit: 10,
      ShmSize: 64 << 20,
      Init: true,
      AutoRemove: true,
      CapDrop: ["ALL"],
      ReadonlyRootfs: true,
    });
    expect(request("x").HostConfig).not.toHaveProperty("Init");
  });

  // Texts as docker 28.2 prints them.
  test.each([
    ["--restart always --rm x", "conflicting options: cannot specify both --restart and --rm"],
    ["--memory-swappiness 200 x", "invalid value: 200. Valid memory swappiness range is 0-100"],
    ["--pid foo x", "--pid: invalid PID mode"],
    ["--uts foo x", "--uts: invalid UTS mode"],
    ["--userns foo x", "--userns: invalid USER mode"],
    ["--cgroupns foo x", "--cgroupns: invalid CGROUP mode"],
    ["--log-driver none --log-opt a=b x", "invalid logging opts for driver none"],
    ["--mac-address zz x", "zz is not a valid mac address"],
    ["--storage-opt size x", "invalid storage option"],
    ["--cpu-count 2 x", '"--cpu-count" is only supported on a Docker daemon running on windows'],
    ["--io-maxiops 2 x", '"--io-maxiops" is only supported on a Docker daemon running on windows'],
    ["--disable-content-trust=false x", "Docker Content Trust is not supported"],
  ])("%s is refused", (line, message) => {
    expect(() => request(line)).toThrow(message);
  });
});

test("proxies of the configuration, in both spellings, but for those that are named", () => {
  const proxies = { HTTP_PROXY: "http://p:1", http_proxy: "http://p:1", NO_PROXY: "x", no_proxy: "x" };
  expect(withProxies(["A=b", "HTTP_PROXY=own", "no_proxy"], proxies)).toEqual([
    "A=b",
    "HTTP_PROXY=own",
    "no_proxy",
    "http_proxy=http://p:1",
    "NO_PROXY=x",
  ]);
});
