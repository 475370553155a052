import { writeClientConfig } from "../../client/config/write-config-file.ts";
import { authKey, HUB_AUTH_KEY, hostOf } from "../auth.ts";
import { defineCommand } from "../command.ts";

export const command = defineCommand({
  usage: "[SERVER]",
  description: "Log out from a registry.\nIf no server is specified, the default is defined by the daemon.",
  args: { min: 0, max: 1 },
  flags: {},
  run: async (cli, { args }) => {
    const key = args[0] === undefined ? HUB_AUTH_KEY : authKey(hostOf(args[0]));
    const { config } = cli;
    const helper = config.credHelpers?.[hostOf(key)] ?? config.credsStore;
    const stored = [key, hostOf(key), `https://${hostOf(key)}`].filter(
      (name) => config.auths?.[name] !== undefined,
    );
    if (stored.length === 0 && !helper) {
      cli.print(`Not logged in to ${hostOf(key)}`);
      return 0;
    }
    cli.print(`Removing login credentials for ${hostOf(key)}`);
    if (helper) {
      const { eraseCredentials } = await import("../credential-helper.ts");
      await eraseCredentials(helper, key);
    }
    const auths = { ...config.auths };
    for (const name of stored) delete auths[name];
    await writeClientConfig(cli.configDir, { ...config, auths });
    return 0;
  },
});
