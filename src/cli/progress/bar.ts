import { formatSize } from "../../base/bytes.ts";
import type { ProgressDetail } from "../../spec/engine-api/mod.ts";

/** `[=====>    ]  1.2MB/10MB` of a piece of work, in a terminal of `width` columns. Empty where nothing is known. */
export function progressBar(detail: ProgressDetail, width: number, nowMs: number): string {
  const { current = 0, total = 0 } = detail;
  if (current <= 0 && total <= 0) return "";
  if (total <= 0) return detail.units ? `${current} ${detail.units}` : formatSize(current).padStart(8);
  const percent = Math.min(100, Math.trunc((current / total) * 100) / 2) | 0;
  const bar = width > 110 ? `[${"=".repeat(percent)}>${" ".repeat(Math.max(0, 50 - percent))}] ` : "";
  return bar + counts(detail, current, total) + timeLeft(detail, current, total, width, nowMs);
}

function counts(detail: ProgressDetail, current: number, total: number): string {
  if (detail.hidecounts) return "";
  if (detail.units) {
    // More than all is a sign of a wrong total: do not show one.
    return current > total ? `${current} ${detail.units}` : `${current}/${total} ${detail.units}`;
  }
  return current > total
    ? formatSize(current).padStart(8)
    : `${formatSize(current).padStart(8)}/${formatSize(total)}`;
}

function timeLeft(
  detail: ProgressDetail,
  current: number,
  total: number,
  width: number,
  nowMs: number,
): string {
  if (!detail.start || current <= 0 || width <= 50) return "";
  const elapsedMs = nowMs - detail.start * 1000;
  const leftSeconds = Math.round(((total - current) * (elapsedMs / current)) / 1000);
  return leftSeconds > 0 ? ` ${leftSeconds}s` : "";
}
