import { updateContainer } from "../../../client/containers/update.ts";
import type { ContainerUpdateRequest } from "../../../spec/engine-api/mod.ts";
import { defineCommand } from "../../command.ts";
import { ExitError } from "../../exit.ts";
import { bytes, int, string, swapBytes, uint16 } from "../../flags/types.ts";
import { forEachName } from "../../for-each.ts";
import { cpusFlag } from "../../options/container-flags.ts";
import { parseRestartPolicy } from "../../options/limits.ts";

export const command = defineCommand({
  usage: "[OPTIONS] CONTAINER [CONTAINER...]",
  args: { min: 1 },
  flags: {
    "blkio-weight": uint16("Block IO (relative weight), between 10 and 1000, or 0 to disable"),
    "cpu-period": int("Limit CPU CFS (Completely Fair Scheduler) period"),
    "cpu-quota": int("Limit CPU CFS (Completely Fair Scheduler) quota"),
    "cpu-rt-period": int("Limit the CPU real-time period in microseconds"),
    "cpu-rt-runtime": int("Limit the CPU real-time runtime in microseconds"),
    "cpu-shares": int("CPU shares (relative weight)", { short: "c" }),
    cpus: cpusFlag,
    "cpuset-cpus": string("CPUs in which to allow execution (0-3, 0,1)"),
    "cpuset-mems": string("MEMs in which to allow execution (0-3, 0,1)"),
    memory: bytes("Memory limit", { short: "m" }),
    "memory-reservation": bytes("Memory soft limit"),
    "memory-swap": swapBytes("Swap limit equal to memory plus swap: -1 to enable unlimited swap"),
    "pids-limit": int("Tune container pids limit (set -1 for unlimited)"),
    restart: string("Restart policy to apply when a container exits"),
  },
  run: async (cli, { flags, given, args }) => {
    if (given.size === 0)
      throw new ExitError(1, "you must provide one or more flags when using this command");
    const body: ContainerUpdateRequest = {
      BlkioWeight: flags["blkio-weight"],
      CpuPeriod: flags["cpu-period"],
      CpuQuota: flags["cpu-quota"],
      CpuRealtimePeriod: flags["cpu-rt-period"],
      CpuRealtimeRuntime: flags["cpu-rt-runtime"],
      CpuShares: flags["cpu-shares"],
      NanoCpus: flags.cpus,
      CpusetCpus: flags["cpuset-cpus"],
      CpusetMems: flags["cpuset-mems"],
      Memory: flags.memory,
      MemoryReservation: flags["memory-reservation"],
      MemorySwap: flags["memory-swap"],
      ...(given.has("pids-limit") ? { PidsLimit: flags["pids-limit"] } : {}),
      RestartPolicy: parseRestartPolicy(flags.restart),
    };
    const client = await cli.client();
    const warnings: string[] = [];
    const code = await forEachName(cli, args, async (name) => {
      const { Warnings } = await updateContainer(client, name, body);
      warnings.push(...(Warnings ?? []));
      return undefined;
    });
    for (const warning of warnings) cli.print(warning);
    return code;
  },
});
