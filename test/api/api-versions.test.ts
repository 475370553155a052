import { describe, expect, test } from "bun:test";
import { drivesOriginal } from "../fixtures/docker-cli.ts";
import { TEST_IMAGE, useEngine } from "./harness.ts";

const VERSIONS = Array.from({ length: 32 }, (_, index) => `1.${24 + index}`);

describe("versions of the API", () => {
  const harness = useEngine();
  const get = (path: string, init: RequestInit = {}) =>
    fetch(`http://engine${path}`, { ...init, unix: harness.engine.socketPath });

  test.each(VERSIONS)("a client of %s runs a container", async (version) => {
    const env = { DOCKER_API_VERSION: version };
    const run = await harness.docker(["run", "--rm", "--network", "none", TEST_IMAGE, "echo", version], {
      env,
    });
    expect(run).toEqual({ stdout: `${version}\n`, stderr: "", code: 0 });
  });

  test.each(["1.24", "1.40", "1.44", "1.50", "1.55"])("ps, images and inspect in %s", async (version) => {
    const { docker } = harness;
    const env = { DOCKER_API_VERSION: version };
    await docker(["create", "--name", "looked-at", TEST_IMAGE]);
    expect((await docker(["ps", "-a", "--format", "{{.Names}}"], { env })).stdout).toBe("looked-at\n");
    expect((await docker(["images", "--format", "{{.Repository}}"], { env })).stdout).toBe("test/busybox\n");
    expect((await docker(["inspect", "-f", "{{.Name}}", "looked-at"], { env })).stdout).toBe("/looked-at\n");
    await docker(["rm", "looked-at"]);
  });

  test("the client and the engine agree on the highest that both know", async () => {
    const { stdout } = await harness.docker([
      "version",
      "--format",
      "{{.Client.APIVersion}} {{.Server.APIVersion}} {{.Server.MinAPIVersion}}",
    ]);
    expect(stdout).toBe(`${drivesOriginal ? "1.50" : "1.55"} 1.55 1.24\n`);
  });

  test("every answer has the engine's headers", async () => {
    const answer = await get("/_ping");
    expect([answer.status, await answer.text()]).toEqual([200, "OK"]);
    expect(answer.headers.get("api-version")).toBe("1.55");
    expect(answer.headers.get("docker-experimental")).toBe("false");
    expect(answer.headers.get("ostype")).toBe("linux");
    expect(answer.headers.get("server")).toMatch(/^Gantry\/\S+ \(linux\)$/);
    expect((await get("/_ping", { method: "HEAD" })).status).toBe(200);
  });

  test("a path that is none", async () => {
    for (const path of ["/nowhere", "/v1.44/nowhere", "/v1.44/containers/a/b/c"]) {
      const answer = await get(path);
      expect(answer.headers.get("content-type")).toBe("application/json");
      expect([answer.status, await answer.json()]).toEqual([404, { message: "page not found" }]);
    }
  });

  test("too new and too old", async () => {
    const tooNew = await get("/v1.99/version");
    expect([tooNew.status, await tooNew.json()]).toEqual([
      400,
      { message: "client version 1.99 is too new. Maximum supported API version is 1.55" },
    ]);
    const tooOld = await get("/v1.23/version");
    expect(tooOld.status).toBe(400);
    expect(await tooOld.text()).toContain(
      "client version 1.23 is too old. Minimum supported API version is 1.24, please upgrade your client to a newer version",
    );
  });

  test("docker info has no warning of a broken engine", async () => {
    const { stdout, stderr, code } = await harness.docker(["info"]);
    expect(code).toBe(0);
    expect(stdout).toContain("Storage Driver: overlay2\n");
    expect(`${stdout}${stderr}`).not.toContain("ERROR");
    expect(stderr).toBe("");
  });
});
