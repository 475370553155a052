import type { LogSource } from "../../core/logs/log-driver.ts";
import type { LogEntry } from "../../core/logs/log-store.ts";

/** 2026-01-02T03:04:05.123456789Z and `second` more. */
export function timeAt(second: number): bigint {
  return BigInt(Date.UTC(2026, 0, 2, 3, 4, 5 + second)) * 1_000_000n + 123_456_789n;
}

export function entryOf(text: string, changes: Partial<LogEntry> = {}): LogEntry {
  return { timeNs: timeAt(0), stream: "stdout", bytes: Buffer.from(text), partial: false, ...changes };
}

export function sourceOf(changes: Partial<LogSource> = {}): LogSource {
  return {
    containerId: "0123456789abcdef".repeat(4),
    containerName: "web",
    command: ["/bin/serve", "--all"],
    imageId: `sha256:${"a".repeat(64)}`,
    imageName: "shop:1",
    createdAt: "2026-01-02T03:04:00Z",
    environment: ["STAGE=prod", "SECRET=x"],
    labels: { team: "blue", "com.shop.tier": "front" },
    directory: "/nowhere",
    options: {},
    ...changes,
  };
}

export async function textsOf(groups: AsyncIterable<readonly LogEntry[]>): Promise<string[]> {
  const texts: string[] = [];
  for await (const entries of groups)
    for (const { bytes } of entries) texts.push(Buffer.from(bytes).toString());
  return texts;
}
