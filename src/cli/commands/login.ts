import { createInterface } from "node:readline/promises";
import { text as readAll } from "node:stream/consumers";
import { isKind, messageOf } from "../../base/errors.ts";
import { writeClientConfig } from "../../client/config/write-config-file.ts";
import { checkAuth } from "../../client/system/auth.ts";
import type { AuthConfig } from "../../spec/engine-api/mod.ts";
import { authKey, HUB_AUTH_KEY, hostOf, storedAuth } from "../auth.ts";
import type { Cli } from "../cli.ts";
import { defineCommand } from "../command.ts";
import { ExitError } from "../exit.ts";
import { bool, string } from "../flags/types.ts";
import { drawNote } from "../terminal/note.ts";
import { rawMode } from "../terminal/raw-mode.ts";
import { untilTerminated } from "../terminal/until-terminated.ts";

interface LoginFlags {
  readonly username: string;
  readonly password: string;
  readonly "password-stdin": boolean;
}

function checkOptions(flags: LoginFlags, given: ReadonlySet<string>): void {
  const stdin = flags["password-stdin"];
  const refuse = (reason: string) => new ExitError(1, reason);
  if (stdin && given.has("password"))
    throw refuse("conflicting options: cannot specify both --password and --password-stdin");
  if (stdin && flags.username === "")
    throw refuse("the --password-stdin option requires --username to be set");
  if (given.has("username") && flags.username === "") throw refuse("username is empty");
  if (given.has("password") && flags.password === "") throw refuse("password is empty");
}

async function passwordFromStdin(cli: Cli): Promise<string> {
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
  if (flags["password-stdin"]) return { username: flags.username, password: await passwordFromStdin(cli) };
  const known = stored.username ?? "";
  const shown = known === "" ? "" : ` (${known})`;
  const username = flags.username || (await ask(cli, `Username${shown}: `, false)) || known;
  if (username === "") throw new ExitError(1, "Error: Non-null Username Required");
  const password = flags.password || (await ask(cli, "Password: ", true));
  if (password === "") throw new ExitError(1, "Error: Password Required");
  return { username, password };
}

/** Asks the registry whether it takes the credentials, and keeps them. */
async function login(cli: Cli, key: string, auth: AuthConfig): Promise<void> {
  const { Status, IdentityToken } = await checkAuth(await cli.client(), auth);
  await save(cli, key, IdentityToken ? { username: auth.username!, identitytoken: IdentityToken } : auth);
  if (Status !== "") cli.print(Status);
}

/** Tries what is stored, and says so. Whether that did it; why it did not is told. */
async function loginWithStored(cli: Cli, key: string, stored: AuthConfig): Promise<boolean> {
  const note = "To login with a different account, run 'docker logout' followed by 'docker login'";
  cli.warn(`Authenticating with existing credentials... [Username: ${stored.username}]`);
  cli.warn(`${drawNote(note, cli.stderr.isTTY === true)}\n`);
  try {
    await login(cli, key, { ...stored, serveraddress: key });
    return true;
  } catch (error) {
    const expired = isKind(error, "unauthenticated");
    cli.warn(
      expired ? "Stored credentials invalid or expired" : `Login did not succeed, error: ${messageOf(error)}`,
    );
    return false;
  }
}

async function save(cli: Cli, key: string, auth: AuthConfig): Promise<void> {
  const { config } = cli;
  const helper = config.credHelpers?.[hostOf(key)] ?? config.credsStore;
  if (helper) {
    const { storeCredentials } = await import("../credential-helper.ts");
    await storeCredentials(helper, key, auth).catch((error: unknown) => {
      throw new ExitError(1, `Error saving credentials: ${messageOf(error)}`);
    });
    return;
  }
  const encoded = Buffer.from(`${auth.username ?? ""}:${auth.password ?? ""}`).toString("base64");
  const entry = auth.identitytoken ? { identitytoken: auth.identitytoken } : { auth: encoded };
  const known = config.auths?.[key];
  if (known?.auth === entry.auth && known?.identitytoken === entry.identitytoken) return;
  await writeClientConfig(cli.configDir, { ...config, auths: { ...config.auths, [key]: entry } });
  // A token can be taken back, and is no password.
  if (auth.identitytoken) return;
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
  run: async (cli, { flags, given, args }) => {
    checkOptions(flags, given);
    if (flags.password !== "")
      cli.warn("WARNING! Using --password via the CLI is insecure. Use --password-stdin.");
    const key = args[0] === undefined ? HUB_AUTH_KEY : authKey(hostOf(args[0]));
    const isAnonymous = flags.username === "" && flags.password === "";
    const stored = isAnonymous ? await storedAuth(cli, key) : {};
    if (stored.username && stored.password && (await loginWithStored(cli, key, stored))) return 0;
    const auth = { ...(await credentials(cli, flags, stored)), serveraddress: key };
    await login(cli, key, auth);
    return 0;
  },
});
