import { expect, test } from "bun:test";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { copyFile, mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer as createHttpServer, type Server } from "node:http";
import { createServer } from "node:https";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { proxyFor } from "../../base/http-proxy.ts";
import { OCI_MANIFEST } from "../../spec/oci-image/media-types.ts";
import { parseNormalized } from "../../spec/reference/reference.ts";
import { testSettings } from "./docker-registry.fixture.ts";
import { RegistryRemotes } from "./registry-remotes.ts";
import { isInsecure, type RegistrySettings } from "./settings.ts";

async function listen(server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as { port: number }).port;
}

/** A registry over TLS for the name `reg.test`, whose certificate no system trusts, and a proxy that leads to it. */
async function startTlsRegistry() {
  const folder = await mkdtemp(join(tmpdir(), "gantry-tls-"));
  const subject = ["-subj", "/CN=reg.test", "-addext", "subjectAltName=DNS:reg.test"];
  const files = ["-keyout", join(folder, "key.pem"), "-out", join(folder, "cert.pem")];
  execFileSync(
    "openssl",
    ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", ...subject, ...files],
    {
      stdio: "ignore",
    },
  );
  const certificate = {
    key: await readFile(join(folder, "key.pem")),
    cert: await readFile(join(folder, "cert.pem")),
  };
  const server = createServer(certificate, (request, response) => {
    if (request.url === "/v2/") response.end("{}");
    else response.writeHead(200, { "content-type": OCI_MANIFEST }).end("{}");
  });
  const port = await listen(server as unknown as Server);
  const tunnels: string[] = [];
  const proxy = createHttpServer();
  proxy.on("connect", (request, socket) => {
    tunnels.push(request.url!);
    const upstream = connect(port, "127.0.0.1", () => {
      socket.write("HTTP/1.1 200 OK\r\n\r\n");
      upstream.pipe(socket).pipe(upstream);
    });
    upstream.on("error", () => socket.destroy());
    socket.on("error", () => upstream.destroy());
  });
  const proxyPort = await listen(proxy);
  return {
    folder,
    tunnels,
    settings: { environment: { HTTPS_PROXY: `http://127.0.0.1:${proxyPort}` }, attempts: 1 },
    async [Symbol.asyncDispose]() {
      for (const each of [server, proxy]) {
        each.closeAllConnections();
        each.close();
      }
      await rm(folder, { recursive: true });
    },
  };
}

async function resolve(settings: Partial<RegistrySettings>): Promise<string> {
  const remotes = new RegistryRemotes({ ...testSettings, ...settings });
  const reference = parseNormalized("reg.test/x:latest");
  try {
    return (await remotes.open(reference, {}).resolve(reference)).descriptor.mediaType;
  } catch (error) {
    return (error as Error).message;
  } finally {
    await remotes.close();
  }
}

test("a certificate that nobody vouches for is refused, unless the operator put its CA in", async () => {
  await using registry = await startTlsRegistry();
  expect(await resolve(registry.settings)).toBe(
    'Get "https://reg.test/v2/": tls: failed to verify certificate: x509: certificate signed by unknown authority',
  );
  await mkdir(join(registry.folder, "certs.d/reg.test"), { recursive: true });
  await copyFile(join(registry.folder, "cert.pem"), join(registry.folder, "certs.d/reg.test/ca.crt"));
  const certificateDirs = [join(registry.folder, "none"), join(registry.folder, "certs.d")];
  expect(await resolve({ ...registry.settings, certificateDirs })).toBe(OCI_MANIFEST);
  expect(await resolve({ ...registry.settings, insecureRegistries: ["reg.test"] })).toBe(OCI_MANIFEST);
  expect(registry.tunnels.every((target) => target === "reg.test:443")).toBe(true);
  await copyFile(join(registry.folder, "cert.pem"), join(registry.folder, "certs.d/reg.test/client.cert"));
  expect(await resolve({ ...registry.settings, certificateDirs })).toBe(
    "missing key client.key for client certificate client.cert. CA certificates must use the extension .crt",
  );
});

test("what may go without TLS is decided by what the operator wrote, not by names' addresses", () => {
  const insecureRegistries = ["10.0.0.0/8", "reg.local:5000", "fd00::/8"];
  const golden: Record<string, boolean> = {
    "localhost:5000": true,
    "127.0.0.5": true,
    "[::1]:5000": true,
    "10.1.2.3:5000": true,
    "[fd00::5]:5000": true,
    "reg.local:5000": true,
    "reg.local:5001": false,
    "11.0.0.1": false,
    "localhost.evil.com": false,
    "127.0.0.1.evil.com": false,
    "docker.io": false,
  };
  for (const [host, expected] of Object.entries(golden)) {
    expect([host, isInsecure(host, { insecureRegistries })]).toEqual([host, expected]);
  }
});

test("proxies and their exemptions", () => {
  const environment = {
    HTTP_PROXY: "plain:1",
    https_proxy: "http://secure:2",
    NO_PROXY: ".corp,exact.com,10.0.0.0/8,a.com:8443",
  };
  const via = (url: string) => proxyFor(new URL(url), environment)?.host;
  expect(via("http://x.com/")).toBe("plain:1");
  expect(via("https://x.com/")).toBe("secure:2");
  for (const url of [
    "https://a.corp/",
    "https://exact.com/",
    "https://sub.exact.com/",
    "https://10.2.3.4/",
    "https://a.com:8443/",
    "http://localhost:5000/",
    "http://127.0.0.1/",
  ]) {
    expect([url, via(url)]).toEqual([url, undefined]);
  }
  expect(via("https://a.com/")).toBe("secure:2");
  expect(via("https://notexact.com/")).toBe("secure:2");
});
