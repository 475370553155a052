import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { EngineError, invalidArgument, messageOf } from "../../base/errors.ts";
import { describeFileError } from "../../base/file-error.ts";
import type { ContextEndpoint } from "../../client/contexts/context-store.ts";
import type { TlsFiles } from "../../client/contexts/context-tls.ts";
import { parseEndpoint } from "../../client/endpoint.ts";
import type { Cli } from "../cli.ts";
import { parseGoBool } from "../flags/go-values.ts";
import { findContext } from "./context.ts";
import { type EndpointSettings, isEndpointKey } from "./endpoint-flag.ts";

export interface EndpointOfContext {
  readonly endpoint: ContextEndpoint;
  readonly tls: TlsFiles;
}

/** The endpoint that `--docker` describes. Errors: invalidArgument for what no client could use, notFound (context). */
export async function describeEndpoint(cli: Cli, settings: EndpointSettings): Promise<EndpointOfContext> {
  try {
    return await describe(cli, settings);
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    throw new EngineError(error.kind, `unable to create docker endpoint config: ${error.message}`, {
      cause: error,
    });
  }
}

async function describe(cli: Cli, settings: EndpointSettings): Promise<EndpointOfContext> {
  const unknown = Object.keys(settings).filter((key) => !isEndpointKey(key));
  if (unknown.length > 0)
    throw invalidArgument(unknown.map((key) => `unrecognized config key: ${key}`).join("\n"));
  if (settings["from"] !== undefined) return { endpoint: endpointOf(cli, settings["from"]), tls: {} };
  const tls: Record<string, Buffer> = {};
  for (const key of ["ca", "cert", "key"]) {
    if (settings[key]) tls[`${key}.pem`] = await readPem(settings[key]);
  }
  const skip = skipsVerification(settings["skip-tls-verify"]);
  const host = settings["host"] ?? "";
  if (!/^(unix|npipe|fd|ssh):\/\//.test(host)) checkTls(tls);
  if (host !== "") checkHost(host);
  return { endpoint: { ...(host === "" ? {} : { Host: host }), SkipTLSVerify: skip }, tls };
}

function endpointOf(cli: Cli, name: string): ContextEndpoint {
  const endpoint = findContext(cli, name).metadata.Endpoints.docker;
  if (!endpoint) throw invalidArgument(`unable to get endpoint from context ${JSON.stringify(name)}`);
  return endpoint;
}

async function readPem(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    throw invalidArgument(describeFileError(error, path), { cause: error });
  }
}

function skipsVerification(text: string | undefined): boolean {
  try {
    return text === undefined ? false : parseGoBool(text);
  } catch {
    throw invalidArgument(`skip-tls-verify: parsing ${JSON.stringify(text)}: invalid syntax`);
  }
}

/** Hosts that only other programs can use, over ssh for one, may be stored all the same. */
function checkHost(host: string): void {
  try {
    parseEndpoint(host);
  } catch (error) {
    if (messageOf(error).startsWith("unable to parse"))
      throw invalidArgument(`unable to apply docker endpoint options: ${messageOf(error)}`);
  }
}

function checkTls({
  "ca.pem": ca,
  "cert.pem": cert,
  "key.pem": key,
}: Readonly<Record<string, Buffer>>): void {
  const refuse = (reason: string) => invalidArgument(`invalid docker endpoint options: ${reason}`);
  const inContext = (reason: string) => refuse(`failed to retrieve context tls info: ${reason}`);
  if (ca && !attempt(() => new X509Certificate(ca))) throw inContext("ca.pem seems invalid");
  if (!key || !cert) return;
  const text = key.toString();
  if (!text.includes("-----BEGIN ")) throw refuse("no valid private key found");
  if (text.includes("ENCRYPTED"))
    throw refuse(
      "private key is encrypted - support for encrypted private keys has been removed, see https://docs.docker.com/go/deprecated/",
    );
  const certificate = attempt(() => new X509Certificate(cert));
  if (!certificate) throw inContext("tls: failed to find any PEM data in certificate input");
  const privateKey = attempt(() => createPrivateKey(key));
  if (!privateKey) throw inContext("tls: failed to parse private key");
  if (!certificate.checkPrivateKey(privateKey)) throw inContext("tls: private key does not match public key");
}

/** What `make` makes; undefined where it throws, for which the caller has better words. */
function attempt<T>(make: () => T): T | undefined {
  try {
    return make();
  } catch {
    return undefined;
  }
}
