import { afterAll, beforeAll, expect, test } from "bun:test";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLogger } from "../../base/logger.ts";
import { Plugins } from "./plugins.ts";

let folder: string;
let server: Server;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "gantry-plugin-tls-"));
  const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"];
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", "key.pem"];
  execFileSync("openssl", ["req", "-x509", ...key, "-out", "cert.pem", "-days", "2", ...subject], {
    cwd: folder,
    stdio: "ignore",
  });
  const pem = (name: string) => readFileSync(join(folder, name));
  server = createServer(
    {
      cert: pem("cert.pem"),
      key: pem("key.pem"),
      ca: pem("cert.pem"),
      requestCert: true,
      rejectUnauthorized: true,
    },
    (_request, response) => response.end('{"Implements":["VolumeDriver"]}'),
  );
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true });
});

test("a specification's certificates secure the way both ways", async () => {
  const { port } = server.address() as AddressInfo;
  const file = (name: string) => join(folder, name);
  const whole = { CAFile: file("cert.pem"), CertFile: file("cert.pem"), KeyFile: file("key.pem") };
  const announce = (name: string, address: string, tls: object) =>
    writeFileSync(file(`${name}.json`), JSON.stringify({ Name: name, Addr: address, TLSConfig: tls }));
  announce("secure", `https://127.0.0.1:${port}`, whole);
  announce("tcp", `tcp://localhost:${port}`, whole);
  announce("nobody", `https://127.0.0.1:${port}`, { CAFile: file("cert.pem") });
  announce("stranger", `https://127.0.0.1:${port}`, {
    ...whole,
    CAFile: "/etc/ssl/certs/ca-certificates.crt",
  });
  announce("lost", `https://127.0.0.1:${port}`, { ...whole, CAFile: file("none.pem") });
  announce("careless", `https://127.0.0.1:${port}`, { ...whole, CAFile: "", InsecureSkipVerify: true });
  const directories = { sockets: [], specifications: [folder] };
  const plugins = new Plugins({ directories, logger: silentLogger, retryForMs: 500 });
  const outcome = async (name: string) =>
    await plugins.get(name, "VolumeDriver").then(
      () => "answers",
      (error: Error) => (error.message.startsWith("legacy plugin: Post ") ? "no way" : error.message),
    );
  const names = ["secure", "tcp", "careless", "nobody", "stranger", "lost"];
  expect(await Promise.all(names.map(outcome))).toEqual([
    "answers",
    "answers",
    "answers",
    "no way",
    "no way",
    "no way",
  ]);
});
