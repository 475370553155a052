import { readFileSync } from "node:fs";
import { cpus, release, totalmem } from "node:os";
import { formatSize } from "../src/base/bytes.ts";
import type { Memory, MemoryAtRest } from "./cases/memory.ts";
import type { Latency, Responsiveness } from "./cases/responsiveness.ts";
import type { Outcome } from "./measure.ts";

export interface Report {
  readonly machine: string;
  /** Version of each peer, or why it was left out. */
  readonly peers: Readonly<Record<string, string>>;
  readonly runs: number;
  /** By case, then by peer. */
  readonly times: Readonly<Record<string, Readonly<Record<string, Outcome>>>>;
  readonly memory: Readonly<Record<string, MemoryAtRest>>;
  readonly responsiveness: Readonly<Record<string, Responsiveness>>;
}

/** The machine in one line, without its name. */
export function describeMachine(): string {
  const system = /^PRETTY_NAME="?([^"\n]+)/m.exec(readFileSync("/etc/os-release", "utf8"))?.[1] ?? "Linux";
  const [first] = cpus();
  const memory = formatSize(totalmem(), 2);
  return `${cpus().length} × ${first?.model.trim() ?? "CPU"}, ${memory} memory, ${system}, Linux ${release()}`;
}

function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const rule = header.map((_, column) => (column === 0 ? "---" : "---:"));
  return [line(header), line(rule), ...rows.map(line)].join("\n");
}

function timeRow(peer: string, outcome: Outcome, baseline: Outcome | undefined): string[] {
  if ("missing" in outcome) return [peer, outcome.missing, "", "", ""];
  const ratio =
    baseline && !("missing" in baseline) ? `${(outcome.median / baseline.median).toFixed(1)} ×` : "";
  return [peer, outcome.median.toFixed(1), outcome.p90.toFixed(1), outcome.min.toFixed(1), ratio];
}

function memoryCell(memory: Memory | undefined): string {
  return memory ? `${formatSize(memory.rssBytes, 3)} / ${formatSize(memory.pssBytes, 3)}` : "–";
}

function latencyCell({ p50, p99, max }: Latency): string {
  return [p50, p99, max].map((value) => value.toFixed(1)).join(" / ");
}

/** The report as Markdown. Ratios compare medians with those of `baseline`. */
export function formatReport(report: Report, baseline: string): string {
  const sections = [
    `Machine: ${report.machine}. ${report.runs} interleaved runs a peer and case, after one or two that were not counted.`,
    table(["peer", "version"], Object.entries(report.peers)),
  ];
  for (const [name, outcomes] of Object.entries(report.times)) {
    const names = Object.keys(outcomes);
    // What is not about peers is compared with what comes first.
    const reference = names.includes(baseline) ? baseline : names[0]!;
    const rows = names.map((peer) => timeRow(peer, outcomes[peer]!, outcomes[reference]));
    sections.push(
      `### \`${name}\``,
      table(["peer", "median ms", "p90 ms", "min ms", `against ${reference}`], rows),
    );
  }
  const latencies = Object.entries(report.responsiveness).map(([peer, { idle, duringPull }]) => [
    peer,
    latencyCell(idle),
    latencyCell(duringPull),
  ]);
  if (latencies.length > 0) {
    sections.push(
      "### `GET /_ping` in ms (median / 99th percentile / maximum)",
      table(["peer", "at rest", "during a pull"], latencies),
    );
  }
  const memory = Object.entries(report.memory).map(([peer, rest]) => [
    peer,
    memoryCell(rest.engine),
    memoryCell(rest.perContainer),
  ]);
  if (memory.length > 0) {
    sections.push(
      "### Memory at rest (RSS / PSS)",
      table(["peer", "daemon and helpers", "per sleeping container, beside its own process"], memory),
    );
  }
  return `${sections.join("\n\n")}\n`;
}

const BEGIN = "<!-- measured: begin -->";
const END = "<!-- measured: end -->";

/** `page` with what stands between its two marks replaced. Throws where it has no marks. */
export function replaceMeasured(page: string, markdown: string): string {
  const begin = page.indexOf(BEGIN);
  const end = page.indexOf(END);
  if (begin < 0 || end < begin) throw new Error(`the page needs the lines "${BEGIN}" and "${END}"`);
  return `${page.slice(0, begin + BEGIN.length)}\n\n${markdown}\n${page.slice(end)}`;
}
