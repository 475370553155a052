import { describe, expect, test } from "bun:test";
import type { ContainerInspectResponse } from "../../src/spec/engine-api/mod.ts";
import { TEST_IMAGE, useEngine } from "./harness.ts";

describe("answers about containers, version by version", () => {
  const harness = useEngine();
  const ask = (version: string, path: string, init: RequestInit = {}) =>
    fetch(`http://engine/v${version}${path}`, { ...init, unix: harness.engine.socketPath });
  const out = async (...args: string[]) => {
    const { stdout, stderr, code } = await harness.docker(args);
    if (code !== 0) throw new Error(`docker ${args.join(" ")}: ${code}: ${stderr}`);
    return stdout.trim();
  };
  const start = (name: string, ...flags: string[]) =>
    out("run", "-d", "--name", name, ...flags, TEST_IMAGE, "sleep", "1000");
  /** Events so far that pass the filters. */
  const past = async (filters: object, version = "1.55", accept = "*/*") => {
    const query = `since=0&until=${Date.now() / 1000}&filters=${encodeURIComponent(JSON.stringify(filters))}`;
    return await ask(version, `/events?${query}`, { headers: { Accept: accept } });
  };
  const actions = async (filters: object) =>
    (await (await past(filters)).text())
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line).Action as string);

  test("what was outside Networks is gone since 1.52", async () => {
    await start("bridged", "--expose", "80");
    const inspect = async (version: string) =>
      (await (await ask(version, "/containers/bridged/json")).json()) as ContainerInspectResponse;
    const modern = (await inspect("1.52")).NetworkSettings;
    expect(Object.keys(modern).sort()).toEqual(["Networks", "Ports", "SandboxID", "SandboxKey"]);
    const old = (await inspect("1.51")).NetworkSettings;
    expect(old.IPAddress).toBe(modern.Networks!["bridge"]!.IPAddress!);
    expect(old.IPAddress).not.toBe("");
    expect(old).toMatchObject({
      Bridge: "",
      HairpinMode: false,
      SecondaryIPAddresses: null,
      IPPrefixLen: modern.Networks!["bridge"]!.IPPrefixLen,
    });
    for (const [version, kernelMemory] of [
      ["1.24", 0],
      ["1.41", 0],
      ["1.42", undefined],
    ] as const) {
      expect((await inspect(version)).HostConfig.KernelMemory).toBe(kernelMemory);
    }
  });

  test("ports are exposed to bridges only", async () => {
    await start("alone", "--network", "none", "--expose", "80");
    expect(
      await out("ps", "--format", "{{.Names}} {{.Ports}}", "-f", "name=alone", "-f", "name=bridged"),
    ).toBe("alone \nbridged 80/tcp");
    expect(await out("inspect", "-f", "{{json .NetworkSettings.Ports}}", "alone")).toBe("{}");
    expect(await out("inspect", "-f", "{{json .NetworkSettings.Ports}}", "bridged")).toBe('{"80/tcp":null}');
  });

  test("an exec says what it runs and by which keys it is left, not its environment", async () => {
    const json = (body: object) => ({
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
    const request = {
      Cmd: ["sh", "-c", "exit 3"],
      Env: ["SECRET=1"],
      WorkingDir: "/tmp",
      DetachKeys: "ctrl-x,x",
    };
    const { Id } = (await (await ask("1.55", "/containers/alone/exec", json(request))).json()) as {
      Id: string;
    };
    const inspected = async () => (await (await ask("1.55", `/exec/${Id}/json`)).json()) as object;
    expect(await inspected()).toMatchObject({ ExitCode: null, DetachKeys: "GHg=", Running: false });
    await (await ask("1.55", `/exec/${Id}/start`, json({ Detach: false }))).text();
    expect(await inspected()).toMatchObject({
      ExitCode: 3,
      ProcessConfig: { tty: false, entrypoint: "sh", arguments: ["-c", "exit 3"], privileged: false },
    });
    expect(JSON.stringify(await inspected())).not.toContain("SECRET");
  });

  test("a restart is a stop and a start", async () => {
    await ask("1.55", "/containers/alone/resize?h=10&w=20", { method: "POST" });
    await out("restart", "-t", "0", "alone");
    const wanted = { container: ["alone"], event: ["resize", "kill", "die", "stop", "start", "restart"] };
    expect(await actions(wanted)).toEqual([
      "start",
      "resize",
      "kill",
      "kill",
      "die",
      "stop",
      "start",
      "restart",
    ]);
    const [event] = (await (await past({ container: ["alone"], event: ["resize"] })).text()).split("\n");
    expect(JSON.parse(event!).Actor.Attributes).toMatchObject({ height: "10", width: "20" });
  });

  test("filters of events", async () => {
    const id = await out("inspect", "-f", "{{.Id}}", "alone");
    expect((await actions({ container: [id.slice(0, 12)], event: ["exec_start"] })).length).toBe(1);
    expect(
      await actions({ image: [TEST_IMAGE.split(":")[0]], event: ["create"], type: ["container"] }),
    ).toEqual(["create", "create"]);
    expect(await actions({ scope: ["swarm"] })).toEqual([]);
    expect(await actions({ label: ["nobody=has"] })).toEqual([]);
    expect((await past({})).status).toBe(200);
    expect((await ask("1.55", "/events?since=2&until=1")).status).toBe(400);
    expect((await ask("1.55", "/events?filters=%7B")).status).toBe(400);
  });

  test.each([
    ["1.51", "*/*", "application/json", ""],
    ["1.52", "*/*", "application/jsonl", ""],
    ["1.55", "application/json-seq", "application/json-seq", "\x1e"],
    ["1.55", "application/jsonl;q=0.1, application/x-ndjson", "application/x-ndjson", ""],
    ["1.41", "application/x-ndjson", "application/x-ndjson", ""],
  ])("events in %s for who accepts %s are %s", async (version, accept, type, before) => {
    const answer = await past({ container: ["alone"], event: ["restart"] }, version, accept);
    expect(answer.headers.get("content-type")).toBe(type);
    const text = await answer.text();
    expect(text.startsWith(`${before}{`)).toBe(true);
    const event = JSON.parse(text.slice(before.length));
    expect(event.status).toBe(Number(version.slice(2)) < 52 ? "restart" : undefined);
    expect(text).toContain(`"time":${event.time},"timeNano":${event.time}`);
  });

  test("once its output ended a container is seen to have ended", async () => {
    for (let round = 0; round < 5; round++) {
      await out("create", "--name", "brief", TEST_IMAGE, "sh", "-c", "echo out; exit 7");
      const attached = await ask("1.51", "/containers/brief/attach?stream=1&stdout=1", { method: "POST" });
      await ask("1.51", "/containers/brief/start", { method: "POST" });
      expect(await attached.text()).toContain("out\n");
      const { State } = (await (
        await ask("1.51", "/containers/brief/json")
      ).json()) as ContainerInspectResponse;
      expect([State.Status, State.ExitCode]).toEqual(["exited", 7]);
      await out("rm", "brief");
    }
  });

  test("networks that are named are all that a container is in", async () => {
    await out("network", "create", "named");
    const body = JSON.stringify({
      Image: TEST_IMAGE,
      NetworkingConfig: { EndpointsConfig: { named: { MacAddress: "02:42:ac:11:00:42" } } },
    });
    const headers = { "Content-Type": "application/json" };
    await ask("1.51", "/containers/create?name=apart", { method: "POST", headers, body });
    const apart = (await (await ask("1.51", "/containers/apart/json")).json()) as ContainerInspectResponse;
    expect(Object.keys(apart.NetworkSettings.Networks!)).toEqual(["named"]);
    await out("create", "--name", "marked", "--mac-address", "02:42:ac:11:00:43", TEST_IMAGE, "true");
    const marked = (await (await ask("1.51", "/containers/marked/json")).json()) as ContainerInspectResponse;
    expect(marked.Config.MacAddress).toBe("02:42:ac:11:00:43");
    await out("rm", "apart", "marked");
    await out("network", "rm", "named");
  });

  test("a port without a protocol, a signal that ends nothing, an attachment to no stream", async () => {
    const body = { Image: TEST_IMAGE, Cmd: ["sleep", "1000"], ExposedPorts: { 99: {} } };
    const post = (path: string, content?: object) =>
      ask("1.51", path, {
        method: "POST",
        ...(content
          ? { body: JSON.stringify(content), headers: { "Content-Type": "application/json" } }
          : {}),
      });
    await post("/containers/create?name=portly", body);
    const refused = await post("/containers/portly/kill");
    const id = await out("inspect", "-f", "{{.Id}}", "portly");
    expect([refused.status, await refused.json()]).toEqual([
      409,
      { message: `cannot kill container: portly: container ${id} is not running` },
    ]);
    await post("/containers/portly/start");
    expect(await out("inspect", "-f", "{{json .NetworkSettings.Ports}}", "portly")).toBe('{"99/tcp":null}');
    expect(await (await post("/containers/portly/attach?logs=1&stream=0")).text()).toBe("");
  });
});
