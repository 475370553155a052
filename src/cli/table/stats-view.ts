import { formatBinarySize, formatSize } from "../../base/bytes.ts";
import { shortId } from "../../base/ids.ts";
import type { ContainerStatsResponse, MemoryStats } from "../../spec/engine-api/mod.ts";
import type { View } from "./view.ts";

/** A container's latest sample; undefined before the first one. */
export interface StatsRow {
  readonly name: string;
  readonly id: string;
  readonly sample: ContainerStatsResponse | undefined;
}

export const STATS_COLUMNS = [
  "Container",
  "Name",
  "CPUPerc",
  "MemUsage",
  "MemPerc",
  "NetIO",
  "BlockIO",
  "PIDs",
];

/** Per cent of one CPU, so that two busy ones are 200. */
function cpuPercent({ cpu_stats: now, precpu_stats: before }: ContainerStatsResponse): number {
  const used = now.cpu_usage.total_usage - (before.cpu_usage?.total_usage ?? 0);
  const system = (now.system_cpu_usage ?? 0) - (before.system_cpu_usage ?? 0);
  const cpus = now.online_cpus || (now.cpu_usage.percpu_usage?.length ?? 0);
  return used > 0 && system > 0 ? (used / system) * cpus * 100 : 0;
}

/** Bytes in use without the part of the page cache that the kernel can drop. Source: cgroup v1 and v2, `memory.stat`. */
function memoryUsed({ usage = 0, stats = {} }: MemoryStats): number {
  const cache = stats["total_inactive_file"] ?? stats["inactive_file"] ?? 0;
  return cache < usage ? usage - cache : usage;
}

function networkBytes(sample: ContainerStatsResponse): [received: number, sent: number] {
  const networks = Object.values(sample.networks ?? {});
  const sum = (pick: "rx_bytes" | "tx_bytes") =>
    networks.reduce((total, network) => total + network[pick], 0);
  return [sum("rx_bytes"), sum("tx_bytes")];
}

function blockBytes(sample: ContainerStatsResponse): [read: number, written: number] {
  const entries = sample.blkio_stats?.io_service_bytes_recursive ?? [];
  const sum = (first: string) =>
    entries.filter(({ op }) => op[0]?.toLowerCase() === first).reduce((total, { value }) => total + value, 0);
  return [sum("r"), sum("w")];
}

const NOTHING = "--";

function percent(value: number): string {
  return `${value.toFixed(2)}%`;
}

/** A pair of sizes in powers of 1000 with three digits. */
function sizes([first, second]: [number, number]): string {
  return `${formatSize(first, 3)} / ${formatSize(second, 3)}`;
}

function memoryUsage({ memory_stats: memory }: ContainerStatsResponse): string {
  return `${formatBinarySize(memoryUsed(memory))} / ${formatBinarySize(memory.limit ?? 0)}`;
}

function memoryPercent({ memory_stats: memory }: ContainerStatsResponse): string {
  return percent(memory.limit ? (memoryUsed(memory) / memory.limit) * 100 : 0);
}

/** Samples as `stats` shows them. */
export function statsView(full: boolean): View<StatsRow> {
  const shown =
    (nothing: string, show: (sample: ContainerStatsResponse) => string) =>
    ({ sample }: StatsRow) =>
      sample ? show(sample) : nothing;
  const id = ({ id: text }: StatsRow) => (full ? text : shortId(text));
  return {
    typeName: "*container.statsContext",
    fields: {
      Container: { header: "CONTAINER ID", value: id },
      Name: { header: "NAME", value: ({ name }) => name || NOTHING },
      ID: { header: "CONTAINER ID", value: id },
      CPUPerc: { header: "CPU %", value: shown(NOTHING, (sample) => percent(cpuPercent(sample))) },
      MemUsage: { header: "MEM USAGE / LIMIT", value: shown("-- / --", memoryUsage) },
      MemPerc: { header: "MEM %", value: shown(NOTHING, memoryPercent) },
      NetIO: { header: "NET I/O", value: shown(NOTHING, (sample) => sizes(networkBytes(sample))) },
      BlockIO: { header: "BLOCK I/O", value: shown(NOTHING, (sample) => sizes(blockBytes(sample))) },
      PIDs: { header: "PIDS", value: shown(NOTHING, ({ pids_stats }) => String(pids_stats?.current ?? 0)) },
    },
  };
}
