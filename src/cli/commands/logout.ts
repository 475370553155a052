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
    cli.print(`Removing login credentials for ${args[0] === undefined ? key : hostOf(args[0])}`);
    // Older versions of docker stored a registry under any of these.
    const names = [key, hostOf(key), `http://${hostOf(key)}`, `https://${hostOf(key)}`];
    if (helper) {
      const { eraseCredentials } = await import("../credential-helper.ts");
      // docker says nothing either of a helper that cannot.
      for (const name of new Set(names)) await eraseCredentials(helper, name).catch(() => {});
    }
    const kept = Object.entries(config.auths ?? {}).filter(([name]) => !names.includes(name));
    if (kept.length < Object.keys(config.auths ?? {}).length)
      await writeClientConfig(cli.configDir, { ...config, auths: Object.fromEntries(kept) });
    return 0;
  },
});
