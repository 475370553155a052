import { constants } from "node:os";
import { messageOf } from "../../base/errors.ts";
import {
  DEFAULT_HOST,
  resolveContextName,
  resolveDefaultEndpoint,
} from "../../client/config/resolve-endpoint.ts";
import { DEFAULT_CONTEXT } from "../../client/contexts/context-name.ts";
import { run } from "../../os/linux/spawn.ts";
import type { Cli } from "../cli.ts";
import { endpointSources } from "../endpoint-sources.ts";
import { ExitError } from "../exit.ts";
import { PROGRAM } from "../program.ts";
import type { CliPlugin } from "./cli-plugin.ts";
import { openPluginSocket, type PluginSocket } from "./plugin-socket.ts";

/** How many signals end the program and the plug-in, whatever this does. */
const LAST_SIGNAL = 3;
const SIGNALS = ["SIGINT", "SIGTERM"] as const;

/** Runs a plug-in in this program's place, with the whole command line. The result is its exit code. */
export async function runPlugin(cli: Cli, plugin: CliPlugin, argv: readonly string[]): Promise<number> {
  // No plug-in knows the one option that docker has not.
  const args = argv.slice(0, argv.indexOf(plugin.Name)).filter((arg) => !arg.startsWith("--no-autostart"));
  using socket = await openPluginSocket();
  const killed = new AbortController();
  using _signals = forwardSignals(cli, socket, killed);
  const exit = await run({
    command: plugin.Path,
    args: [...args, ...argv.slice(argv.indexOf(plugin.Name))],
    env: { ...(await pluginEnvironment(cli)), DOCKER_CLI_PLUGIN_SOCKET: socket.path },
    stdin: "inherit",
    stdout: "inherit",
    stderr: "inherit",
    signal: killed.signal,
  }).catch((error) => {
    if (!killed.signal.aborted) throw new ExitError(1, messageOf(error));
    throw new ExitError(1, `got ${LAST_SIGNAL} SIGTERM/SIGINTs, forcefully exiting`);
  });
  return exit.code ?? 128 + constants.signals[exit.signal ?? "SIGKILL"];
}

/**
 * What a plug-in finds in its environment: how it is to call this program, and the local engine where nothing names
 * another one, since it would look for it elsewhere.
 */
async function pluginEnvironment(cli: Cli): Promise<Record<string, string>> {
  const env = Object.fromEntries(Object.entries(cli.env).filter(([, value]) => value !== undefined));
  const own = { ...env, DOCKER_CLI_PLUGIN_ORIGINAL_CLI_COMMAND: cli.env["GANTRY_PROGRAM"] ?? PROGRAM };
  return (await meansLocalEngine(cli)) ? { ...own, DOCKER_HOST: DEFAULT_HOST } : own;
}

/** Whether the local engine is meant, which then runs, if it can be started. */
async function meansLocalEngine(cli: Cli): Promise<boolean> {
  const sources = endpointSources(cli);
  if (resolveContextName(sources) !== DEFAULT_CONTEXT || cli.env["DOCKER_HOST"]) return false;
  try {
    if (!resolveDefaultEndpoint(sources).isDefault) return false;
    await cli.client();
  } catch {
    // The plug-in need not ask the engine; where it does, it tells why it cannot.
  }
  return true;
}

/**
 * Until disposed, signals that ask for the end go to the plug-in by its socket: a terminal has sent it one itself. With
 * the last of them `killed` is aborted.
 */
function forwardSignals(cli: Cli, socket: PluginSocket, killed: AbortController): Disposable {
  let count = 0;
  const onSignal = () => {
    count++;
    if (cli.stdout.isTTY) return;
    socket.close();
    if (count === LAST_SIGNAL) killed.abort();
  };
  for (const signal of SIGNALS) process.on(signal, onSignal);
  return {
    [Symbol.dispose]: () => {
      for (const signal of SIGNALS) process.off(signal, onSignal);
    },
  };
}
