import { engineVersion } from "../../client/system/version.ts";
import { NEWEST_API_VERSION } from "../../spec/engine-api/api-versions.ts";
import type { SystemVersion } from "../../spec/engine-api/mod.ts";
import type { Cli } from "../cli.ts";
import { defineCommand } from "../command.ts";
import { currentContext } from "../endpoint-sources.ts";
import { string } from "../flags/types.ts";
import { OBJECT_FORMAT_USAGE } from "../format-usage.ts";
import { CLIENT_VERSION, GIT_COMMIT } from "../version.ts";

interface ClientInfo {
  readonly Platform: { readonly Name: string };
  readonly Version: string;
  readonly ApiVersion: string;
  readonly DefaultAPIVersion: string;
  readonly GitCommit: string;
  readonly GoVersion: string;
  readonly Os: string;
  readonly Arch: string;
  readonly BuildTime: string;
  readonly Context: string;
}

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
    const client = clientInfo(cli, apiVersion);
    await print(cli, flags.format, client, server);
    if (failure !== undefined) throw failure;
    return 0;
  },
});

function clientInfo(cli: Cli, apiVersion: string): ClientInfo {
  return {
    Platform: { Name: "Gantry" },
    Version: CLIENT_VERSION,
    ApiVersion: apiVersion,
    DefaultAPIVersion: NEWEST_API_VERSION,
    GitCommit: GIT_COMMIT,
    GoVersion: "",
    Os: process.platform,
    Arch: process.arch === "x64" ? "amd64" : process.arch,
    BuildTime: "",
    Context: currentContext(cli),
  };
}

async function print(
  cli: Cli,
  format: string,
  client: ClientInfo,
  server: SystemVersion | undefined,
): Promise<void> {
  if (format !== "") {
    const { renderObject } = await import("../table/render-object.ts");
    const { withGoNames } = await import("../../spec/go-template/values.ts");
    const data = {
      Client: withGoNames(client, { APIVersion: "ApiVersion" }),
      Server: server ? withGoNames(server, { APIVersion: "ApiVersion" }) : null,
    };
    cli.write(`${renderObject(data, format)}\n`);
    return;
  }
  cli.write(clientText(client));
  if (server) cli.write(serverText(server));
}

function row(label: string, value: string): string {
  return ` ${`${label}:`.padEnd(18)} ${value}\n`;
}

function clientText(client: ClientInfo): string {
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
