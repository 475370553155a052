import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { callApi } from "../api-call.ts";
import { IMAGE } from "../peers/peer.ts";
import { runOrThrow } from "../peers/process.ts";
import type { PreparedCase, Step, TimedCase } from "./case.ts";

const GIGABYTES = 2;
const QUESTIONS = 50_000;
const NETWORK = "bench-network";
const SERVER = "bench-server";
const CLIENT = "bench-client";
const PORT = 5201;

/** The machine's own programs, in a container: the image has no iperf3 and no perl. */
const inHost = (...command: string[]) => ["chroot", "/host", ...command];

/** Asks for a name again and again, fifty questions on their way at any time. */
const ASK = `
use Socket; use IO::Select;
my ($name, $count) = @ARGV;
my $question = join("", map { chr(length) . $_ } split(/\\./, $name)) . "\\0" . pack("nn", 1, 1);
socket(my $socket, PF_INET, SOCK_DGRAM, 0) or die; connect($socket, sockaddr_in(53, inet_aton("127.0.0.11"))) or die;
my ($sent, $got) = (0, 0);
my $select = IO::Select->new($socket);
while ($got < $count) {
  while ($sent < $count && $sent - $got < 50) { send($socket, pack("nnnnnn", $sent++ & 0xffff, 0x100, 1, 0, 0, 0) . $question, 0); }
  die "no answer to $got of $sent" unless $select->can_read(5);
  recv($socket, my $answer, 1500, 0);
  die "a bad answer" if (unpack("n", substr($answer, 2, 2)) & 15) != 0 || unpack("n", substr($answer, 6, 2)) == 0;
  $got++;
}
`;

interface Pair extends AsyncDisposable {
  readonly socketPath: string;
  /** Runs a command in the client's container, to its end. */
  inClient(command: readonly string[]): Promise<void>;
}

/** Two containers of a network of their own, one of them serving iperf3 on a published port. */
async function makePair(socketPath: string): Promise<Pair> {
  const scratch = mkdtempSync(join(tmpdir(), "gantry-bench-iperf-"));
  await callApi(socketPath, "POST", "/networks/create", { Name: NETWORK });
  const start = async (name: string, command: readonly string[], published: boolean) => {
    await callApi(socketPath, "POST", `/containers/create?name=${name}`, {
      Image: IMAGE,
      Cmd: command,
      ExposedPorts: published ? { [`${PORT}/tcp`]: {} } : {},
      HostConfig: {
        NetworkMode: NETWORK,
        Binds: ["/:/host:ro", `${scratch}:/host/tmp`],
        PortBindings: published ? { [`${PORT}/tcp`]: [{ HostIp: "0.0.0.0", HostPort: "" }] } : {},
      },
    });
    await callApi(socketPath, "POST", `/containers/${name}/start`);
  };
  await start(SERVER, inHost("iperf3", "-s"), true);
  await start(CLIENT, ["sleep", "100000"], false);
  return {
    socketPath,
    async inClient(command) {
      const { Id: id } = (await callApi(socketPath, "POST", `/containers/${CLIENT}/exec`, {
        Cmd: command,
      })) as { readonly Id: string };
      // Without a stream to read the engine answers once the program runs; its end is asked for.
      await callApi(socketPath, "POST", `/exec/${id}/start`, { Detach: true });
      for (;;) {
        const state = (await callApi(socketPath, "GET", `/exec/${id}/json`)) as Record<string, unknown>;
        if (state["Running"]) {
          await new Promise((resolve) => setTimeout(resolve, 5));
        } else if (state["ExitCode"] === 0) return;
        else throw new Error(`${command[0]} ended with ${state["ExitCode"]}`);
      }
    },
    async [Symbol.asyncDispose]() {
      for (const name of [SERVER, CLIENT]) {
        await callApi(socketPath, "DELETE", `/containers/${name}?force=1`);
      }
      await callApi(socketPath, "DELETE", `/networks/${NETWORK}`);
      rmSync(scratch, { recursive: true, force: true });
    },
  };
}

function pairCase(name: string, step: (pair: Pair) => Promise<Step>): TimedCase {
  return {
    name,
    mostRuns: 5,
    async prepare({ socketPath }): Promise<PreparedCase | undefined> {
      if (!socketPath) return undefined;
      const pair = await makePair(socketPath);
      const measured = await step(pair);
      return { next: () => measured, [Symbol.asyncDispose]: () => pair[Symbol.asyncDispose]() };
    },
  };
}

const amount = ["-n", `${GIGABYTES}G`];

interface InspectedServer {
  readonly NetworkSettings: {
    readonly Ports: Readonly<Record<string, ReadonlyArray<{ readonly HostPort: string }>>>;
    readonly Networks: Readonly<Record<string, { readonly IPAddress: string }>>;
  };
}

async function inspectServer({ socketPath }: Pair): Promise<InspectedServer["NetworkSettings"]> {
  const server = await callApi(socketPath, "GET", `/containers/${SERVER}/json`);
  return (server as InspectedServer).NetworkSettings;
}

/** TCP from one container to another of its network. */
export const betweenContainers = pairCase(`${GIGABYTES} GB between containers`, async (pair) => {
  const { Networks: networks } = await inspectServer(pair);
  const address = networks[NETWORK]!.IPAddress;
  return () => pair.inClient(inHost("iperf3", "-c", address, ...amount));
});

/** TCP from the host to a container, by the published port. */
export const throughPort = pairCase(`${GIGABYTES} GB through a published port`, async (pair) => {
  const { Ports: ports } = await inspectServer(pair);
  const port = ports[`${PORT}/tcp`]![0]!.HostPort;
  const command = ["iperf3", "-c", "127.0.0.1", "-p", port, ...amount];
  return async () => void runOrThrow(command);
});

/** Questions for the name of another container of the network. */
export const askNames = pairCase(
  `${QUESTIONS} names asked for`,
  async (pair) => () => pair.inClient(inHost("perl", "-e", ASK, SERVER, String(QUESTIONS))),
);
