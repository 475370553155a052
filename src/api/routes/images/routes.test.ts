import { describe, expect, test } from "bun:test";
import { notFound } from "../../../base/errors.ts";
import type { ImageInspectResponse, ImageSummary } from "../../../spec/engine-api/mod.ts";
import { Channel, iterate } from "../../testing/fakes.ts";
import { TestServer } from "../../testing/server.ts";
import { since, VERSIONS } from "../../testing/versions.ts";
import type { CommitOptions, ImageListOptions, ImagesBackend, PullOptions } from "./backend.ts";

const serve = (images: Partial<ImagesBackend>) => TestServer.start({ images });
const lines = (text: string) =>
  text
    .split("\r\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));

describe("pull", () => {
  test.each([
    ["fromImage=busybox", "busybox"],
    ["fromImage=busybox:", "busybox"],
    ["fromImage=busybox&tag=1.36", "busybox:1.36"],
    ["fromImage=localhost:5000/a/b&tag=x", "localhost:5000/a/b:x"],
    ["fromImage=busybox:old&tag=new", "busybox:new"],
    [`fromImage=busybox:old&tag=sha256:${"a".repeat(64)}`, `busybox@sha256:${"a".repeat(64)}`],
  ])("%s", async (query, reference) => {
    const asked: PullOptions[] = [];
    await using server = await serve({
      pull: async (options) => {
        asked.push(options);
        return iterate([{ status: "one" }, { status: "two" }]);
      },
    });
    const credentials = Buffer.from('{"username":"u","password":"p?>"}').toString("base64");
    const answer = await server.request("POST", `/images/create?${query}&platform=linux/amd64`, {
      headers: { "X-Registry-Auth": credentials },
    });
    expect(answer.headers["content-type"]).toBe("application/json");
    expect(lines(answer.text)).toEqual([{ status: "one" }, { status: "two" }]);
    expect(asked[0]).toMatchObject({
      reference,
      platform: { os: "linux", architecture: "amd64" },
      credentials: { username: "u", password: "p?>" },
    });
  });

  test("credentials that cannot be read count as none; the client is known all the same", async () => {
    const asked: PullOptions[] = [];
    await using server = await serve({
      pull: async (options) => {
        asked.push(options);
        return iterate([]);
      },
    });
    for (const header of ["%%%", "bm9wZQ==", "e30="]) {
      await server.request("POST", "/images/create?fromImage=x", {
        headers: { "X-Registry-Auth": header, "User-Agent": "tool/1" },
      });
    }
    expect(asked.map((options) => options.credentials)).toEqual(Array(3).fill({ client: "tool/1" }));
  });

  test("errors before the first message are statuses, later ones messages", async () => {
    const progress = async function* (failAt: number) {
      if (failAt === 0) throw notFound("manifest unknown");
      yield { status: "Pulling" };
      throw notFound("layer gone");
    };
    await using server = await serve({
      pull: async ({ reference }) => {
        if (reference === "refused") throw notFound("pull access denied");
        return progress(reference === "early" ? 0 : 1);
      },
      load: async () => progress(0),
    });
    for (const [name, message] of [
      ["refused", "pull access denied"],
      ["early", "manifest unknown"],
    ]) {
      const answer = await server.request("POST", `/images/create?fromImage=${name}`);
      expect([answer.status, answer.body.message]).toEqual([404, message]);
    }
    const late = await server.request("POST", "/images/create?fromImage=late");
    expect([late.status, lines(late.text)]).toEqual([
      200,
      [{ status: "Pulling" }, { errorDetail: { message: "layer gone" }, error: "layer gone" }],
    ]);
    const load = await server.request("POST", "/images/load");
    expect([load.status, lines(load.text)]).toEqual([
      200,
      [{ errorDetail: { message: "manifest unknown" }, error: "manifest unknown" }],
    ]);
  });

  test("messages go out as they come, and a client that gives up stops the work", async () => {
    const messages = new Channel<{ status: string }>();
    const stopped = Promise.withResolvers<void>();
    await using server = await serve({
      pull: async ({ signal }) => {
        signal.addEventListener("abort", () => {
          messages.end();
          stopped.resolve();
        });
        return messages;
      },
    });
    messages.push({ status: "one" });
    const answer = await server.open("POST", "/images/create?fromImage=x");
    const reader = answer[Symbol.asyncIterator]();
    expect(String((await reader.next()).value)).toBe('{"status":"one"}\r\n');
    messages.push({ status: "two" });
    expect(String((await reader.next()).value)).toBe('{"status":"two"}\r\n');
    answer.on("error", () => {});
    answer.destroy();
    await stopped.promise;
  });
});

test("import and load read the body as a stream", async () => {
  const seen: unknown[] = [];
  const read = async (content: AsyncIterable<Uint8Array>) =>
    Buffer.concat(await Array.fromAsync(content)).toString();
  await using server = await serve({
    import: async ({ content, signal: _signal, ...options }) => {
      seen.push({ ...options, text: await read(content) });
      return iterate([]);
    },
    load: async ({ content, quiet, platforms }) => {
      seen.push({ quiet, platforms, text: await read(content) });
      return iterate([]);
    },
  });
  await server.request(
    "POST",
    "/images/create?fromSrc=-&repo=r&tag=t&changes=CMD a&changes=ENV b=c".replaceAll(" ", "+"),
    {
      body: "tar",
    },
  );
  const platform = encodeURIComponent('{"os":"linux","architecture":"arm64"}');
  await server.request("POST", `/images/load?quiet=0&platform=${platform}`, { body: "archive" });
  expect(seen).toEqual([
    {
      source: "-",
      repository: "r",
      tag: "t",
      message: "Imported from -",
      changes: ["CMD a", "ENV b=c"],
      platform: undefined,
      text: "tar",
    },
    { quiet: false, platforms: [{ os: "linux", architecture: "arm64" }], text: "archive" },
  ]);
  const two = `platform=${platform}&platform=${platform}`;
  expect((await server.request("POST", `/v1.51/images/load?${two}`)).status).toBe(400);
  expect((await server.request("POST", `/v1.52/images/load?${two}`)).status).toBe(200);
});

test("save", async () => {
  const asked: unknown[] = [];
  await using server = await serve({
    save: async (names) => {
      asked.push(names);
      return iterate([Buffer.from("tar")]);
    },
  });
  expect((await server.request("GET", "/images/a/b:c/get")).headers["content-type"]).toBe(
    "application/x-tar",
  );
  expect((await server.request("GET", "/images/get?names=a&names=b")).text).toBe("tar");
  expect(asked).toEqual([["a/b:c"], ["a", "b"]]);
});

test("commit", async () => {
  const asked: CommitOptions[] = [];
  await using server = await serve({
    commit: async (options) => {
      asked.push(options);
      return { id: "sha256:1" };
    },
  });
  const answer = await server.request("POST", "/commit?container=c&repo=r&pause=0", { body: { Cmd: ["x"] } });
  expect([answer.status, answer.body]).toEqual([201, { Id: "sha256:1" }]);
  await server.request("POST", "/commit?container=c");
  expect(asked).toMatchObject([
    { containerIdOrName: "c", repository: "r", pause: false, config: { Cmd: ["x"] } },
    { pause: true, config: undefined },
  ]);
});

describe("versions", () => {
  test("list", async () => {
    const image = {
      RepoTags: [],
      RepoDigests: [],
      Size: 5,
      Containers: 2,
      Descriptor: { size: 1 },
    } as unknown as ImageSummary;
    const asked: ImageListOptions[] = [];
    await using server = await serve({
      list: async (options) => {
        asked.push(options);
        return [image];
      },
    });
    const found: ImageSummary[] = [];
    for (const version of VERSIONS) {
      found.push(
        (await server.request("GET", `/v${version}/images/json?filter=busybox&shared-size=1&manifests=1`))
          .body[0],
      );
    }
    expect(found.map((each) => each.RepoTags)).toEqual(since("1.43", ["<none>:<none>"], []));
    expect(found.map((each) => each.VirtualSize)).toEqual(since("1.44", 5, undefined));
    expect(found.map((each) => each.Descriptor?.size)).toEqual(since("1.48", undefined, 1));
    expect(found.map((each) => each.Containers)).toEqual(since("1.51", -1, 2));
    expect(asked.map((each) => each.filters.get("reference"))).toEqual(since("1.41", ["busybox"], undefined));
    expect(asked.map((each) => each.sharedSize)).toEqual(since("1.42", false, true));
    expect(asked.map((each) => each.manifests)).toEqual(since("1.47", false, true));
  });

  test("inspect", async () => {
    const image = {
      Size: 5,
      Config: { Cmd: ["sh"] },
      Descriptor: { size: 1 },
      Author: "",
    } as unknown as ImageInspectResponse;
    await using server = await serve({ inspect: async () => image });
    const found: ImageInspectResponse[] = [];
    for (const version of VERSIONS)
      found.push((await server.request("GET", `/v${version}/images/x/json`)).body);
    expect(found.map((each) => each.VirtualSize)).toEqual(since("1.44", 5, undefined));
    expect(found.map((each) => each.Created)).toEqual(since("1.44", "0001-01-01T00:00:00Z", undefined));
    expect(found.map((each) => each.Container)).toEqual(since("1.45", "", undefined));
    expect(found.map((each) => each.Descriptor?.size)).toEqual(since("1.48", undefined, 1));
    expect(found.map((each) => each.Config && "Hostname" in each.Config)).toEqual(since("1.50", true, false));
    expect(found.map((each) => each.Config?.Env)).toEqual(since("1.52", null, undefined));
    expect(found.map((each) => each.Config?.Cmd)).toEqual(since("1.24", null, ["sh"]));
    expect(found.map((each) => each.Author)).toEqual(since("1.52", "", undefined));
  });

  test("attestations came with 1.55", async () => {
    await using server = await serve({ attestations: async () => [] });
    expect((await server.request("GET", "/v1.54/images/x/attestations")).status).toBe(400);
    expect((await server.request("GET", "/images/x/attestations")).body).toEqual([]);
  });
});
