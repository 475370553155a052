import { join } from "node:path";
import { defaultConfigDir } from "../client/config/config-file.ts";
import type { FlagValues } from "./flags/flag.ts";
import { bool, once, string } from "./flags/types.ts";

/** Options in front of the command. */
export function globalFlags(env: NodeJS.ProcessEnv) {
  const dir = defaultConfigDir(env);
  const pem = (file: string) => ({ defaultText: JSON.stringify(join(env["DOCKER_CERT_PATH"] || dir, file)) });
  return {
    config: string("Location of client config files", { defaultText: JSON.stringify(dir) }),
    context: string(
      'Name of the context to use to connect to the daemon (overrides DOCKER_HOST env var and default context set with "docker context use")',
      { short: "c" },
    ),
    debug: bool("Enable debug mode", { short: "D" }),
    host: once(string("Daemon socket to connect to", { short: "H" }), "specify only one -H"),
    "log-level": string('Set the logging level ("debug", "info", "warn", "error", "fatal")', {
      short: "l",
      default: "info",
    }),
    "no-autostart": bool("Do not start the local engine when it is not running"),
    tls: bool("Use TLS; implied by --tlsverify"),
    tlscacert: string("Trust certs signed only by this CA", pem("ca.pem")),
    tlscert: string("Path to TLS certificate file", pem("cert.pem")),
    tlskey: string("Path to TLS key file", pem("key.pem")),
    tlsverify: bool("Use TLS and verify the remote"),
    version: bool("Print version information and quit", { short: "v" }),
  };
}

export type Globals = FlagValues<ReturnType<typeof globalFlags>>;
