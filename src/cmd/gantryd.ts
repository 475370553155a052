import { closeSync, readFileSync, writeSync } from "node:fs";
import { constants } from "node:os";
import { createApiServer, type HttpApi, type TlsSettings } from "../api/mod.ts";
import { messageOf } from "../base/errors.ts";
import type { Logger } from "../base/logger.ts";
import { VERSION } from "../base/version.ts";
import { describeFlags } from "../cli/flags/help.ts";
import { GIT_COMMIT } from "../cli/version.ts";
import { backendsOf } from "./backends.ts";
import {
  DAEMON_FLAGS,
  type DaemonSettings,
  type ParsedDaemonLine,
  readDaemonSettings,
} from "./daemon-settings.ts";
import { hostsOf } from "./listeners.ts";
import { createLogger, type LogFormat } from "./logging.ts";
import { writePidFile } from "./pid-file.ts";
import { overriddenProxies } from "./registry-settings.ts";
import { maskCredentials } from "./setting-values.ts";
import { createEngine, type Engine } from "./wire.ts";

/** Descriptor on which whoever started the daemon waits for a byte: the daemon listens. */
const READY_VARIABLE = "GANTRY_READY_FD";
const CLOSE_GRACE_MS = 5_000;

/** Runs the daemon until it is told to end; the exit code. */
export async function runDaemon(argv: readonly string[]): Promise<number> {
  let line: ParsedDaemonLine;
  try {
    line = readDaemonSettings(argv);
    if (line.help) {
      process.stdout.write(
        `\nUsage:  gantryd [OPTIONS]\n\nA container engine.\n\nOptions:\n${describeFlags(DAEMON_FLAGS, 100)}`,
      );
      return 0;
    }
  } catch (error) {
    process.stderr.write(`${messageOf(error)}\n`);
    return 1;
  }
  if (line.settings.version) {
    process.stdout.write(`Docker version ${VERSION}, build ${GIT_COMMIT}\n`);
    return 0;
  }
  if (line.settings.validate) {
    process.stderr.write("configuration OK\n");
    return 0;
  }
  if (process.getuid?.() !== 0) {
    process.stderr.write("gantryd needs to be started with root privileges\n");
    return 1;
  }
  try {
    await serve(line, () => readDaemonSettings(argv).settings);
    return 0;
  } catch (error) {
    process.stderr.write(`failed to start daemon: ${messageOf(error)}\n`);
    return 1;
  }
}

async function serve({ settings, notes }: ParsedDaemonLine, readAgain: () => DaemonSettings): Promise<void> {
  const { logger, setLevel } = createLogger(levelOf(settings), settings["log-format"] as LogFormat);
  for (const note of notes) logger.warn({}, note);
  for (const change of overriddenProxies(settings, process.env)) {
    logger.warn(change, "overriding existing proxy variable with value from configuration");
  }
  using _pidFile = settings.pidfile === "" ? undefined : writePidFile(settings.pidfile);
  const ended = endSignal();
  await using engine = await createEngine({
    dataRoot: settings["data-root"],
    runRoot: settings["exec-root"],
    logger,
    // As with dockerd, the environment goes before file and flag.
    settings: { ...settings, "storage-driver": process.env["DOCKER_DRIVER"] || settings["storage-driver"] },
  });
  await using api = createApi(engine, settings, logger);
  for (const host of hostsOf(settings)) logger.info({ address: await api.listen(host) }, "API listens");
  process.on("SIGHUP", async () => {
    try {
      const next = readAgain();
      const ignored = await engine.reload(next);
      setLevel(levelOf(next));
      if (ignored.length > 0) logger.warn({ settings: ignored }, "changed settings that need a restart");
      logger.info({ config: withoutSecrets(next) }, "Reloaded configuration");
    } catch (error) {
      logger.error({ reason: messageOf(error) }, "the configuration stays as it was");
    }
  });
  tellReady();
  logger.info({ signal: await ended }, "shutting down");
  await api.close(CLOSE_GRACE_MS);
  await engine.stop();
}

/** Settings that differ from the defaults, fit to be read by whoever reads the log. */
function withoutSecrets(settings: DaemonSettings): Record<string, unknown> {
  const changed = Object.entries(settings).filter(
    ([name, value]) =>
      JSON.stringify(value) !== JSON.stringify(DAEMON_FLAGS[name as keyof DaemonSettings].initial),
  );
  return Object.fromEntries(
    changed.map(([name, value]) => [name, typeof value === "string" ? maskCredentials(value) : value]),
  );
}

function levelOf(settings: DaemonSettings): string {
  return settings.debug ? "debug" : settings["log-level"];
}

function createApi(engine: Engine, settings: DaemonSettings, logger: Logger): HttpApi {
  const tls = tlsOf(settings);
  return createApiServer({
    backends: backendsOf(engine),
    cgroupV2: engine.cgroupVersion === 2,
    engineVersion: VERSION,
    experimental: settings.experimental,
    logger,
    whenHungUp: engine.whenHungUp,
    authorizer: engine.authorization,
    ...(tls ? { tls } : {}),
    allowInsecureTcp: settings["allow-insecure-tcp"],
    ...(settings.group === "" ? {} : { socketGroup: settings.group }),
  });
}

function tlsOf(settings: DaemonSettings): TlsSettings | undefined {
  if (!settings.tls && !settings.tlsverify) return undefined;
  return {
    certificate: readFileSync(settings.tlscert),
    key: readFileSync(settings.tlskey),
    ...(settings.tlsverify ? { clientAuthorities: readFileSync(settings.tlscacert) } : {}),
  };
}

function tellReady(): void {
  const text = process.env[READY_VARIABLE];
  if (text === undefined) return;
  delete process.env[READY_VARIABLE];
  const fd = Number(text);
  writeSync(fd, "1");
  closeSync(fd);
}

/** After so many signals to end, all of them heard, the next one ends the daemon as it is. Source: moby, cmd/dockerd/trap. */
const PATIENCE_SIGNALS = 3;

/** Resolves with the first signal that asks the daemon to end, and keeps the next ones from cutting that short. */
function endSignal(): Promise<NodeJS.Signals> {
  // One that comes while the engine starts ends nothing: the configuration has just been read.
  process.on("SIGHUP", () => {});
  // A client that went away is found out by the error of its socket.
  process.on("SIGPIPE", () => {});
  const { promise, resolve } = Promise.withResolvers<NodeJS.Signals>();
  let received = 0;
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.on(signal, () => {
      received++;
      if (received > PATIENCE_SIGNALS) process.exit(128 + constants.signals[signal]);
      resolve(signal);
    });
  }
  return promise;
}

if (import.meta.main) process.exit(await runDaemon(process.argv.slice(2)));
