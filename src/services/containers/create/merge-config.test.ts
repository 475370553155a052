import { describe, expect, test } from "bun:test";
import { mergeImageConfig } from "./merge-config.ts";

const image = {
  Entrypoint: ["/entry"],
  Cmd: ["serve"],
  Env: ["PATH=/bin", "A=image"],
  Labels: { a: "image", b: "image" },
  ExposedPorts: { "80/tcp": {} },
  User: "app",
};

describe("merging a request with its image", () => {
  test("nothing said: the image's program", () => {
    const merged = mergeImageConfig({}, image);
    expect([merged.Entrypoint, merged.Cmd, merged.User]).toEqual([["/entry"], ["serve"], "app"]);
  });

  test("an own command keeps the image's entry point", () => {
    const merged = mergeImageConfig({ Cmd: ["other"] }, image);
    expect([merged.Entrypoint, merged.Cmd]).toEqual([["/entry"], ["other"]]);
  });

  test("an own entry point drops the image's command", () => {
    const merged = mergeImageConfig({ Entrypoint: ["sh"] }, image);
    expect([merged.Entrypoint, merged.Cmd]).toEqual([["sh"], null]);
  });

  test("an empty entry point clears the image's", () => {
    const merged = mergeImageConfig({ Entrypoint: [""], Cmd: ["x"] }, image);
    expect([merged.Entrypoint, merged.Cmd]).toEqual([null, ["x"]]);
  });

  test("an entry point that is an empty list clears the image's and keeps its command", () => {
    const merged = mergeImageConfig({ Entrypoint: [] }, image);
    expect([merged.Entrypoint, merged.Cmd]).toEqual([[], ["serve"]]);
  });

  test("nobody's environment is null", () => {
    expect(mergeImageConfig({ Env: [] }, {}).Env).toBeNull();
    expect(mergeImageConfig({ Env: ["A=own"] }, {}).Env).toEqual(["A=own"]);
  });

  test("environment, labels and ports are merged, the request wins", () => {
    const merged = mergeImageConfig(
      { Env: ["A=own"], Labels: { a: "own" }, ExposedPorts: { "81/tcp": {} } },
      image,
    );
    expect(merged.Env).toEqual(["A=own", "PATH=/bin"]);
    expect(merged.Labels).toEqual({ a: "own", b: "image" });
    expect(Object.keys(merged.ExposedPorts!)).toEqual(["80/tcp", "81/tcp"]);
  });
});
