import { expect, test } from "bun:test";
import { once } from "node:events";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { ApiClient } from "./api-client.ts";
import { parseEndpoint } from "./endpoint.ts";
import { engineVersion } from "./system/version.ts";

test("requests go through a proxy by the engine's whole address", async () => {
  const seen: string[] = [];
  const proxy = http.createServer((request, response) => {
    const { host, "proxy-authorization": authorization } = request.headers;
    seen.push(`${request.method} ${request.url} ${host} ${authorization}`);
    response.setHeader("Api-Version", "1.51");
    response.end('{"Version":"99"}');
  });
  proxy.listen(0, "127.0.0.1");
  await once(proxy, "listening");
  try {
    using client = new ApiClient({
      // No one has this name: only the proxy is asked.
      endpoint: parseEndpoint("tcp://engine.invalid:2375"),
      proxy: new URL(`http://me:it%27s@127.0.0.1:${(proxy.address() as AddressInfo).port}`),
    });
    expect((await engineVersion(client)).Version).toBe("99");
    const authorization = `Basic ${Buffer.from("me:it's").toString("base64")}`;
    expect(seen).toEqual([
      `HEAD http://engine.invalid:2375/_ping engine.invalid:2375 ${authorization}`,
      `GET http://engine.invalid:2375/v1.51/version engine.invalid:2375 ${authorization}`,
    ]);
  } finally {
    proxy.closeAllConnections();
    proxy.close();
  }
});
