import { afterAll, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { contextPaths } from "../contexts/context-store.ts";
import { DEFAULT_HOST, resolveEndpoint } from "./resolve-endpoint.ts";

const configDir = mkdtempSync(join(tmpdir(), "gantry-config-"));
const { meta } = contextPaths(configDir, "far");
mkdirSync(meta, { recursive: true });
writeFileSync(
  join(meta, "meta.json"),
  JSON.stringify({ Name: "far", Endpoints: { docker: { Host: "tcp://far:1" } } }),
);
afterAll(() => rmSync(configDir, { recursive: true }));

const resolve = (more: Partial<Parameters<typeof resolveEndpoint>[0]>) => {
  const { endpoint, contextName, isDefault } = resolveEndpoint({ env: {}, configDir, ...more });
  return [endpoint.host, contextName, isDefault];
};

describe("resolveEndpoint", () => {
  test("the local engine when nothing is said", () => {
    expect(resolve({})).toEqual([DEFAULT_HOST, "default", true]);
  });

  test("the order: flags, DOCKER_HOST, DOCKER_CONTEXT, the configuration", () => {
    const env = { DOCKER_HOST: "unix:///env", DOCKER_CONTEXT: "far" };
    expect(resolve({ env, host: "unix:///flag" })).toEqual(["unix:///flag", "default", false]);
    expect(resolve({ env, context: "far" })).toEqual(["tcp://far:1", "far", false]);
    expect(resolve({ env })).toEqual(["unix:///env", "default", false]);
    expect(resolve({ env: { DOCKER_CONTEXT: "far" } })).toEqual(["tcp://far:1", "far", false]);
    expect(resolve({ currentContext: "far" })).toEqual(["tcp://far:1", "far", false]);
    expect(resolve({ currentContext: "far", env: { DOCKER_CONTEXT: "default" } })).toEqual([
      DEFAULT_HOST,
      "default",
      true,
    ]);
  });

  test("hosts as they are typed", () => {
    expect(resolve({ host: ":2375" })[0]).toBe("tcp://localhost:2375");
    expect(resolve({ host: "engine" })[0]).toBe("tcp://engine:2375");
    expect(resolve({ host: "tcp://[::1]:1/base" })[0]).toBe("tcp://[::1]:1/base");
    expect(() => resolve({ host: "tcp://:" })).toThrow(
      "unable to resolve docker endpoint: invalid bind address format: :",
    );
  });

  test("conflicts and contexts that are not there", () => {
    expect(() => resolve({ host: "unix:///x", context: "far" })).toThrow(
      "cannot specify both --host and --context",
    );
    expect(() => resolve({ context: "none" })).toThrow(
      'unable to resolve docker endpoint: context "none": context not found: open ',
    );
  });

  test("to speak of verification asks for TLS, and so for the authority", () => {
    for (const tlsVerify of [true, false])
      expect(() => resolve({ tlsVerify })).toThrow(
        `unable to resolve docker endpoint: open ${join(configDir, "ca.pem")}: no such file or directory`,
      );
  });
});
