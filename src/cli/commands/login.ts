import { createInterface } from "node:readline/promises";
import { text as readAll } from "node:stream/consumers";
import { writeClientConfig } from "../../client/config/write-config-file.ts";
import { checkAuth } from "../../client/system/auth.ts";
import type { AuthConfig } from "../../spec/engine-api/mod.ts";
import { authKey, HUB_AUTH_KEY, hostOf, storedAuth } from "../auth.ts";
import type { Cli } from "../cli.ts";
import { defineCommand } from "../command.ts";
import { ExitError } from "../exit.ts";
import { bool, string } from "../flags/types.ts";
import { rawMode } from "../terminal/raw-mode.ts";
import { untilTerminated } from "../terminal/until-terminated.ts";

interface LoginFlags {
  readonly username: string;
  readonly password: string;
  readonly "password-stdin": boolean;
}

async function passwordFromStdin(cli: Cli, { username }: LoginFlags): Promise<string> {
  if (username === "") throw new ExitError(1, "Must provide --username with --password-stdin");
  return (await readAll(cli.stdin)).replace(/\r?\n$/, "");
}

async function ask(cli: Cli, prompt: string, hidden: boolean): Promise<string> {
  if (!cli.stdin.isTTY)
    throw new ExitError(1, "Error: Cannot perform an interactive login from a non TTY device");
  cli.write(prompt);
  if (!hidden) {
    const lines = createInterface({ input: cli.stdin });
    try {
      return (await untilTerminated(cli, () => lines.question(""))).trim();
    } finally {
      lines.close();
    }
  }
  using _raw = await rawMode(cli.stdin);
  const answer = await readHidden(cli);
  cli.write("\n");
  return answer;
}

/** Reads a line with nothing shown; Ctrl-C gives up. */
async function readHidden(cli: Cli): Promise<string> {
  let typed = "";
  for await (const chunk of cli.stdin) {
    for (const char of String(chunk)) {
      if (char === "\r" || char === "\n" || char === "\u0004") return typed;
      if (char === "\u0003") throw new ExitError(130);
      typed = char === "\u007f" ? typed.slice(0, -1) : typed + char;
    }
  }
  return typed;
}

async function credentials(cli: Cli, flags: LoginFlags, stored: AuthConfig): Promise<AuthConfig> {
  if (flags["password-stdin"])
    return { username: flags.username, password: await passwordFromStdin(cli, flags) };
  const known = stored.username ?? "";
  const shown = known === "" ? "" : ` (${known})`;
  const username = flags.username || (await ask(cli, `Username${shown}: `, false)) || known;
  if (username === "") throw new ExitError(1, "Error: Non-null Username Required");
  const password = flags.password || (await ask(cli, "Password: ", true));
  if (password === "") throw new ExitError(1, "Error: Password Required");
  return { username, password };
}

async function save(cli: Cli, key: string, auth: AuthConfig): Promise<void> {
  const { config } = cli;
  const helper = config.credHelpers?.[hostOf(key)] ?? config.credsStore;
  if (helper) {
    const { storeCredentials } = await import("../credential-helper.ts");
    await storeCredentials(helper, key, auth);
    return;
  }
  const encoded = Buffer.from(`${auth.username ?? ""}:${auth.password ?? ""}`).toString("base64");
  const entry = auth.identitytoken ? { identitytoken: auth.identitytoken } : { auth: encoded };
  await writeClientConfig(cli.configDir, { ...config, auths: { ...config.auths, [key]: entry } });
  cli.warn(
    `\nWARNING! Your credentials are stored unencrypted in '${cli.configDir}/config.json'.\nConfigure a credential helper to remove this warning. See\nhttps://docs.docker.com/go/credential-store/\n`,
  );
}

export const command = defineCommand({
  usage: "[OPTIONS] [SERVER]",
  description: "Authenticate to a registry.\nDefaults to Docker Hub if no server is specified.",
  args: { min: 0, max: 1 },
  flags: {
    password: string("Password or Personal Access Token (PAT)", { short: "p" }),
    "password-stdin": bool("Take the Password or Personal Access Token (PAT) from stdin"),
    username: string("Username", { short: "u" }),
  },
  run: async (cli, { flags, args }) => {
    if (flags.password !== "") {
      cli.warn("WARNING! Using --password via the CLI is insecure. Use --password-stdin.");
      if (flags["password-stdin"])
        throw new ExitError(1, "--password and --password-stdin are mutually exclusive");
    }
    const key = args[0] === undefined ? HUB_AUTH_KEY : authKey(hostOf(args[0]));
    const auth = { ...(await credentials(cli, flags, await storedAuth(cli, key))), serveraddress: key };
    const { Status, IdentityToken } = await checkAuth(await cli.client(), auth);
    await save(cli, key, IdentityToken ? { username: auth.username!, identitytoken: IdentityToken } : auth);
    if (Status !== "") cli.print(Status);
    return 0;
  },
});
