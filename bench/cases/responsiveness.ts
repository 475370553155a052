import { spawn } from "node:child_process";
import { once } from "node:events";
import { Agent, request } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { percentile } from "../stats.ts";

const PAUSE_MS = 5;
const IDLE_PINGS = 300;

/** How long an engine takes to answer `GET /_ping`, in milliseconds. */
export interface Responsiveness {
  readonly idle: Latency;
  readonly duringPull: Latency;
}

export interface Latency {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

async function ping(socketPath: string, agent: Agent): Promise<number> {
  const start = process.hrtime.bigint();
  const outgoing = request({ socketPath, path: "/_ping", agent });
  outgoing.end();
  const [answer] = await once(outgoing, "response");
  for await (const _ of answer);
  return Number(process.hrtime.bigint() - start) / 1e6;
}

function summarizeLatency(values: readonly number[]): Latency {
  return { p50: percentile(values, 0.5), p99: percentile(values, 0.99), max: Math.max(...values) };
}

/** Asks an engine again and again, at rest and while it pulls an image. */
export async function measureResponsiveness(
  socketPath: string,
  pullFresh: () => readonly string[],
): Promise<Responsiveness> {
  const agent = new Agent({ keepAlive: true });
  const sample = async (goOn: (count: number) => boolean) => {
    const values: number[] = [];
    while (goOn(values.length)) {
      values.push(await ping(socketPath, agent));
      await delay(PAUSE_MS);
    }
    return summarizeLatency(values);
  };
  try {
    await sample((count) => count < IDLE_PINGS);
    const idle = await sample((count) => count < IDLE_PINGS);
    const command = pullFresh();
    const pull = spawn(command[0]!, command.slice(1), { stdio: "ignore" });
    const duringPull = await sample(() => pull.exitCode === null);
    if (pull.exitCode !== 0) throw new Error(`${command[0]} ended with ${pull.exitCode}`);
    return { idle, duringPull };
  } finally {
    agent.destroy();
  }
}
