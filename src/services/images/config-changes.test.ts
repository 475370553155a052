import { expect, test } from "bun:test";
import type { ImageConfig } from "../../spec/engine-api/mod.ts";
import { applyConfigChanges } from "./config-changes.ts";

const from = (config: ImageConfig, ...changes: string[]) => applyConfigChanges(config, changes);

test("variables of the image's environment are put in", () => {
  const image: ImageConfig = { Env: ["PATH=/bin", "PORT=80", "HOME=/home/me"] };
  expect(from(image, "ENV PATH=/usr/bin:$PATH").Env).toContain("PATH=/usr/bin:/bin");
  expect(from(image, `EXPOSE $PORT/udp 9\${PORT}`).ExposedPorts).toEqual({ "80/udp": {}, "980/tcp": {} });
  expect(from(image, "WORKDIR $HOME/src").WorkingDir).toBe("/home/me/src");
  expect(from(image, 'VOLUME ["$HOME/a", "/b"]').Volumes).toEqual({ "/home/me/a": {}, "/b": {} });
  expect(from(image, `USER \${WHO:-nobody}`).User).toBe("nobody");
  expect(from(image, "LABEL at=$HOME raw='$HOME'").Labels).toEqual({ at: "/home/me", raw: "$HOME" });
});

test("an instruction sees what those before it set, and not what it sets itself", () => {
  const { Env, Labels } = from({}, "ENV a=1", "ENV a=2 b=$a\nLABEL is=$a$b");
  expect(Env).toEqual(["a=2", "b=1"]);
  expect(Labels).toEqual({ is: "21" });
});

test("commands are left to the shell that runs them", () => {
  const image: ImageConfig = { Env: ["A=1"] };
  expect(from(image, "CMD echo $A").Cmd).toEqual(["/bin/sh", "-c", "echo $A"]);
  expect(from(image, "ONBUILD ENV B=$A").OnBuild).toEqual(["ENV B=$A"]);
});

test("what cannot be expanded is refused", () => {
  expect(() => from({}, `ENV a=\${b`)).toThrow(`failed to process "\${b": syntax error: missing '}'`);
});
