import { expect, test } from "bun:test";
import { digestOf } from "../../base/digest.ts";
import { shortId } from "../../base/ids.ts";
import { startDockerRegistry } from "../../drivers/remote-registry/docker-registry.fixture.ts";
import { collect, openImageFixture, signal } from "./image-service.fixture.ts";
import { layerBytes, startScriptedRegistry } from "./scripted-registry.fixture.ts";

const pullOptions = (reference: string) => ({
  reference,
  platform: undefined,
  credentials: undefined,
  signal: signal(),
});
const pushOptions = (name: string, tag = "") => ({
  name,
  tag,
  platform: undefined,
  credentials: undefined,
  signal: signal(),
});

test("an image that was pushed is pulled by another engine, byte for byte", async () => {
  await using registry = await startDockerRegistry();
  await using here = await openImageFixture();
  await using there = await openImageFixture();
  const name = `${registry.host}/team/app`;
  const image = await here.makeImage(`${name}:v1`);

  const pushed = await collect(await here.service.push(pushOptions(name, "v1")));
  expect(pushed[0]).toEqual({ status: `The push refers to repository [${name}]` });
  expect(pushed.map((message) => message.status)).toContain("Pushed");
  const again = await collect(await here.service.push(pushOptions(name, "v1")));
  expect(again.map((message) => message.status)).toContain("Layer already exists");

  const pulled = await collect(await there.service.pull(pullOptions(`${name}:v1`)));
  expect(pulled[0]).toEqual({ status: "Pulling from team/app", id: "v1" });
  const statuses = pulled.map((message) => message.status);
  for (const status of [
    "Pulling fs layer",
    "Verifying Checksum",
    "Download complete",
    "Extracting",
    "Pull complete",
  ]) {
    expect(statuses).toContain(status);
  }
  expect(statuses.slice(-2)).toEqual([
    `Digest: ${image.manifest}`,
    `Status: Downloaded newer image for ${name}:v1`,
  ]);
  const record = there.images.get(image.id)!;
  expect(record.topLayer).toBe(image.topLayer);
  expect(
    (await there.service.inspect(`${name}@${image.manifest}`, { manifests: false, platform: undefined })).Id,
  ).toBe(image.id);
  expect(there.leases.resources()).toEqual([]);

  const upToDate = await collect(await there.service.pull(pullOptions(`${name}:v1`)));
  expect(upToDate.at(-1)!.status).toBe(`Status: Image is up to date for ${name}:v1`);
  expect(upToDate.map((message) => message.status)).toContain("Already exists");
});

test("all tags of a repository are pulled, and pulls of one image share the work", async () => {
  await using registry = await startDockerRegistry();
  await using here = await openImageFixture();
  await using there = await openImageFixture();
  const name = `${registry.host}/app`;
  await here.makeImage(`${name}:a`);
  await here.makeImage(`${name}:b`);
  await collect(await here.service.push(pushOptions(name)));
  await Promise.all([1, 2, 3].map(async () => collect(await there.service.pull(pullOptions(name)))));
  expect(there.images.listNames().map((entry) => entry.name)).toEqual([`${name}:a`, `${name}:b`]);
  const blobs = [];
  for await (const blob of there.content.walk()) blobs.push(blob);
  expect(blobs.length).toBe(6);
});

test("what the registry does not have is told in docker's words", async () => {
  await using registry = await startDockerRegistry();
  await using here = await openImageFixture();
  const missing = `${registry.host}/x:latest`;
  await expect(collect(await here.service.pull(pullOptions(missing)))).rejects.toThrow(
    `manifest for ${missing} not found: manifest unknown: manifest unknown`,
  );
});

test("basic auth: without credentials a clear error, with them it works", async () => {
  const htpasswd = `me:${await Bun.password.hash("secret", { algorithm: "bcrypt", cost: 4 })}\n`;
  await using registry = await startDockerRegistry({ htpasswd });
  await using here = await openImageFixture();
  const name = `${registry.host}/private`;
  await here.makeImage(`${name}:latest`);
  await expect(collect(await here.service.push(pushOptions(name)))).rejects.toThrow(
    "no basic auth credentials",
  );
  const credentials = { username: "me", password: "secret" };
  await collect(await here.service.push({ ...pushOptions(name), credentials }));
  const wrong = { ...pullOptions(`${name}:latest`), credentials: { username: "me", password: "wrong" } };
  const failure = await collect(await here.service.pull(wrong)).catch((error) => error);
  expect(failure.message).toBe("unauthorized: authentication required");
  expect(failure.kind).toBe("internal");
  await collect(await here.service.pull({ ...pullOptions(`${name}:latest`), credentials }));
});

test("layers are mounted from the repository the image came from", async () => {
  await using registry = await startDockerRegistry();
  await using here = await openImageFixture();
  await here.makeImage(`${registry.host}/one:latest`);
  await collect(await here.service.push(pushOptions(`${registry.host}/one`)));
  await here.service.tag(`${registry.host}/one`, { repository: `${registry.host}/two`, tag: "" });
  const messages = await collect(await here.service.push(pushOptions(`${registry.host}/two`)));
  expect(messages.map((message) => message.status)).toContain("Mounted from one");
});

test("a layer whose transfer breaks or is put off says when it is tried again", async () => {
  await using registry = await startScriptedRegistry();
  await using f = await openImageFixture();
  registry.addImage("v1");
  let requests = 0;
  registry.handlers.set(digestOf(layerBytes), (_request, response) => {
    requests++;
    if (requests === 1) return void response.writeHead(503).end();
    response.writeHead(200, { "content-length": layerBytes.byteLength });
    if (requests === 2) return void response.write(layerBytes.subarray(0, 10), () => response.destroy());
    response.end(layerBytes);
  });
  const pulled = await collect(await f.service.pull(pullOptions(`${registry.host}/x:v1`)));
  const retrying = { status: "Retrying in 1 second", id: shortId(digestOf(layerBytes)), progressDetail: {} };
  expect(pulled.filter(({ status }) => status?.startsWith("Retrying"))).toEqual([retrying, retrying]);
  expect(pulled.at(-1)?.status).toStartWith("Status: Downloaded newer image");
});
