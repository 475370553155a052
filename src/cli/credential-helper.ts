import { messageOf } from "../base/errors.ts";
import { run } from "../os/linux/spawn.ts";
import type { AuthConfig } from "../spec/engine-api/mod.ts";
import { ExitError } from "./exit.ts";

const NOT_FOUND = "credentials not found in native keychain";
/** What a helper puts in place of a name where the secret is an identity token. */
const TOKEN_USER = "<token>";

/** What docker says that a verb was about. */
const DOING = { get: "getting", store: "storing", erase: "erasing" } as const;

/** Source: docker-credential-helpers, "Development": a verb, one document on stdin, one on stdout. */
async function call(helper: string, verb: keyof typeof DOING, input: string): Promise<string> {
  const command = `docker-credential-${helper}`;
  const failed = (reason: string, output: string) =>
    new ExitError(1, `error ${DOING[verb]} credentials - err: ${reason}, out: \`${output}\``);
  const exit = await run({ command, args: [verb], stdin: Buffer.from(input), stdout: "collect" }).catch(
    (error: unknown) => {
      const missing = messageOf(error).includes("no such file or directory");
      const reason = missing ? "executable file not found in $PATH" : messageOf(error);
      throw failed(`exec: ${JSON.stringify(command)}: ${reason}`, "");
    },
  );
  const output = exit.stdout.toString("utf8").trim();
  if (exit.code === 0) return output;
  throw failed(`exit status ${exit.code ?? -1}`, output);
}

/** The credentials that a helper keeps for a server; an empty object where it has none. */
export async function getCredentials(helper: string, server: string): Promise<AuthConfig> {
  let text: string;
  try {
    text = await call(helper, "get", server);
  } catch (error) {
    if (error instanceof ExitError && error.message.includes(NOT_FOUND)) return {};
    throw error;
  }
  const { Username, Secret } = JSON.parse(text) as { Username: string; Secret: string };
  if (Username === TOKEN_USER) return { identitytoken: Secret, serveraddress: server };
  return { username: Username, password: Secret, serveraddress: server };
}

/** Gives a helper credentials to keep. */
export async function storeCredentials(helper: string, server: string, auth: AuthConfig): Promise<void> {
  const token = auth.identitytoken;
  const entry = {
    ServerURL: server,
    Username: token ? TOKEN_USER : auth.username,
    Secret: token ?? auth.password,
  };
  await call(helper, "store", JSON.stringify(entry));
}

/** Makes a helper forget a server; one that it does not know is no error. */
export async function eraseCredentials(helper: string, server: string): Promise<void> {
  try {
    await call(helper, "erase", server);
  } catch (error) {
    if (!(error instanceof ExitError) || !error.message.includes(NOT_FOUND)) throw error;
  }
}
