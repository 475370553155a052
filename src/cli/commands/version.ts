import { engineVersion } from "../../client/system/version.ts";
import { NEWEST_API_VERSION } from "../../spec/engine-api/api-versions.ts";
import type { SystemVersion } from "../../spec/engine-api/mod.ts";
import type { Cli } from "../cli.ts";
import { type ClientVersion, clientVersion } from "../client-version.ts";
import { defineCommand } from "../command.ts";
import { string } from "../flags/types.ts";
import { OBJECT_FORMAT_USAGE } from "../format-usage.ts";

type NegotiatedClient = ClientVersion & { readonly ApiVersion: string };

export const command = defineCommand({
  usage: "[OPTIONS]",
  args: { min: 0, max: 0 },
  flags: { format: string(OBJECT_FORMAT_USAGE, { short: "f" }) },
  run: async (cli, { flags }) => {
    let server: SystemVersion | undefined;
    let failure: unknown;
    let apiVersion = cli.env["DOCKER_API_VERSION"] ?? NEWEST_API_VERSION;
    try {
      const client = await cli.client();
      apiVersion = await client.apiVersion();
      server = await engineVersion(client);
    } catch (error) {
      failure = error;
    }
    await print(cli, flags.format, { ...clientVersion(cli), ApiVersion: apiVersion }, server);
    if (failure !== undefined) throw failure;
    return 0;
  },
});

async function print(
  cli: Cli,
  format: string,
  client: NegotiatedClient,
  server: SystemVersion | undefined,
): Promise<void> {
  if (format !== "") {
    const { printObject } = await import("../print-object.ts");
    const versions = { Client: client, Server: server ?? null };
    printObject(cli, versions, { struct: "system.versionInfo", format, templateName: "version" });
    return;
  }
  cli.write(clientText(client));
  if (server) cli.write(serverText(server));
}

function row(label: string, value: string): string {
  return ` ${`${label}:`.padEnd(18)} ${value}\n`;
}

function clientText(client: NegotiatedClient): string {
  const downgraded =
    client.ApiVersion === client.DefaultAPIVersion ? "" : ` (downgraded from ${client.DefaultAPIVersion})`;
  return (
    `Client: ${client.Platform.Name}\n` +
    row("Version", client.Version) +
    row("API version", client.ApiVersion + downgraded) +
    row(
      "Runtime",
      `${process.versions["bun"] ? `bun ${process.versions["bun"]}` : `node ${process.version.slice(1)}`}`,
    ) +
    row("Git commit", client.GitCommit) +
    row("OS/Arch", `${client.Os}/${client.Arch}`) +
    row("Context", client.Context)
  );
}

function serverText(server: SystemVersion): string {
  const platform = server.Platform?.Name ? ` ${server.Platform.Name}` : "";
  const components = server.Components ?? [];
  return `\nServer:${platform}\n${components.map(({ Name, Version, Details }) => componentText(Name, Version, Details ?? {})).join("")}`;
}

/** Rows of a component, the engine's own in docker's order and words. */
function componentText(name: string, version: string, details: Readonly<Record<string, string>>): string {
  const detail = (key: string) => details[key] ?? "";
  const inner = (label: string, value: string) =>
    value === "" ? "" : `  ${`${label}:`.padEnd(17)} ${value}\n`;
  const head = ` ${name}:\n${inner("Version", version)}`;
  if (name !== "Engine")
    return "GitCommit" in details ? `${head}  GitCommit:        ${detail("GitCommit")}\n` : head;
  const minimum = detail("MinAPIVersion") === "" ? "" : ` (minimum version ${detail("MinAPIVersion")})`;
  return (
    head +
    inner("API version", detail("ApiVersion") + minimum) +
    inner("Go version", detail("GoVersion")) +
    inner("Git commit", detail("GitCommit")) +
    inner("Built", buildTime(detail("BuildTime"))) +
    inner("OS/Arch", `${detail("Os")}/${detail("Arch")}`) +
    inner("Experimental", detail("Experimental"))
  );
}

/** `Mon Nov 22 23:13:24 2026`, as C prints times; what is no time is printed as it is. */
function buildTime(text: string): string {
  const ms = Date.parse(text);
  if (Number.isNaN(ms)) return text;
  const [day, date, month, year, time] = new Date(ms).toUTCString().replace(",", "").split(" ");
  return `${day} ${month} ${Number(date).toString().padStart(2)} ${time} ${year}`;
}
