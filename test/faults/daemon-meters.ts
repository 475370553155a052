import { expect } from "bun:test";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import type { TestEngine } from "../fixtures/engine.ts";
import { expectResidue, takeResidue } from "./residue.ts";
import { untilTrue } from "./until.ts";

/** Longer than idle threads live. */
const SETTLE_TIMEOUT_MS = 15_000;

/** The daemon's descriptors by what they are of: numbers of sockets and pipes differ from time to time. */
export function descriptorsOf(engine: TestEngine): string[] {
  const folder = `/proc/${engine.pid()}/fd`;
  return readdirSync(folder)
    .flatMap((fd) => {
      try {
        return [readlinkSync(`${folder}/${fd}`).replace(/\[\d+\]/, "")];
      } catch {
        // It was closed between the listing and the look.
        return [];
      }
    })
    .sort();
}

export function residentBytesOf(engine: TestEngine): number {
  const status = readFileSync(`/proc/${engine.pid()}/status`, "utf8");
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)![1]) * 1024;
}

export function threadsOf(engine: TestEngine): number {
  return readdirSync(`/proc/${engine.pid()}/task`).length;
}

/** Command lines of the processes that the daemon started and that are its own children still. */
function childrenOf(engine: TestEngine): string[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
        const parent = Number(stat.slice(stat.lastIndexOf(")") + 4).split(" ")[0]);
        if (parent !== engine.pid()) return [];
        return [readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim()];
      } catch {
        // It ended between the listing and the look.
        return [];
      }
    })
    .sort();
}

/**
 * Remembers the daemon's descriptors, children and everything it has on the machine. The result fails where these do not come to be
 * as they were; what belongs to the last requests may take a moment to go.
 */
export async function watchDaemon(engine: TestEngine): Promise<() => Promise<void>> {
  const before = { descriptors: descriptorsOf(engine), children: childrenOf(engine) };
  const residue = await takeResidue(engine);
  return async () => {
    await untilTrue(() => descriptorsOf(engine).length <= before.descriptors.length, SETTLE_TIMEOUT_MS).catch(
      () => {
        expect(descriptorsOf(engine)).toEqual(before.descriptors);
      },
    );
    await untilTrue(() => childrenOf(engine).length <= before.children.length).catch(() => {
      expect(childrenOf(engine)).toEqual(before.children);
    });
    await expectResidue(engine, residue);
  };
}
