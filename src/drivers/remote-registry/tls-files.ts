import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { rootCertificates } from "node:tls";
import { invalidArgument } from "../../base/errors.ts";

/** What TLS to one registry uses beyond the system's defaults. */
export interface TlsMaterial {
  readonly ca?: string[];
  readonly cert?: string;
  readonly key?: string;
}

/**
 * The certificates that the operator put in for `host`, from every folder of `certificateDirs` that has one for it.
 * Errors: invalidArgument for a client certificate without key and the reverse, with docker's text.
 * Source: dockerd documentation, "Verify repository client with certificates".
 */
export async function readTlsMaterial(
  host: string,
  certificateDirs: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): Promise<TlsMaterial> {
  const ca = await readSystemRoots(environment);
  const material: { ca?: string[]; cert?: string; key?: string } = ca === undefined ? {} : { ca: [ca] };
  for (const base of certificateDirs) await readDirectory(join(base, host), material);
  return material;
}

async function readDirectory(
  directory: string,
  into: { ca?: string[]; cert?: string; key?: string },
): Promise<void> {
  const names = await namesIn(directory);
  for (const name of names) {
    if (name.endsWith(".crt")) {
      // Naming a CA replaces the default list in TLS libraries; docker adds to it.
      into.ca ??= [...rootCertificates];
      into.ca.push(await readFile(join(directory, name), "utf8"));
    } else if (name.endsWith(".cert")) {
      const keyName = `${name.slice(0, -".cert".length)}.key`;
      if (!names.includes(keyName)) {
        throw invalidArgument(
          `missing key ${keyName} for client certificate ${name}. CA certificates must use the extension .crt`,
        );
      }
      into.cert = await readFile(join(directory, name), "utf8");
      into.key = await readFile(join(directory, keyName), "utf8");
    } else if (name.endsWith(".key")) {
      const certName = `${name.slice(0, -".key".length)}.cert`;
      if (!names.includes(certName)) {
        throw invalidArgument(`missing client certificate ${certName} for key ${name}`);
      }
    }
  }
}

/** Where distributions keep the CAs they trust. Source: Go's crypto/x509, `root_linux.go`. */
const SYSTEM_ROOTS = [
  "/etc/ssl/certs/ca-certificates.crt",
  "/etc/pki/tls/certs/ca-bundle.crt",
  "/etc/ssl/ca-bundle.pem",
  "/etc/ssl/cert.pem",
];

/** The CAs that this machine trusts, those an administrator added included; undefined where it has no list. */
async function readSystemRoots(
  environment: Readonly<Record<string, string | undefined>>,
): Promise<string | undefined> {
  const files = environment["SSL_CERT_FILE"] ? [environment["SSL_CERT_FILE"]] : SYSTEM_ROOTS;
  for (const file of files) {
    try {
      return await readFile(file, "utf8");
    } catch (error) {
      // Each distribution has one of these places.
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    }
  }
  return undefined;
}

async function namesIn(directory: string): Promise<string[]> {
  try {
    return (await readdir(directory)).sort();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return []; // Nothing was put in for this host.
    throw error;
  }
}
