import { formatHumanDuration } from "../../base/time.ts";

/** `2 hours ago`, of seconds since the Unix epoch. */
export function timeAgo(epochSeconds: number): string {
  return `${formatHumanDuration(Date.now() - epochSeconds * 1000)} ago`;
}

/** A moment as Go prints it: `2026-11-22 23:13:24 +0000 UTC`. */
export function goTime(epochSeconds: number): string {
  const date = new Date(epochSeconds * 1000);
  const offsetMinutes = -date.getTimezoneOffset();
  const local = new Date(date.getTime() + offsetMinutes * 60_000).toISOString();
  const sign = offsetMinutes < 0 ? "-" : "+";
  const hours = String(Math.floor(Math.abs(offsetMinutes) / 60)).padStart(2, "0");
  const minutes = String(Math.abs(offsetMinutes) % 60).padStart(2, "0");
  const zone = new Intl.DateTimeFormat("en", { timeZoneName: "short" })
    .formatToParts(date)
    .find(({ type }) => type === "timeZoneName")!.value;
  return `${local.slice(0, 10)} ${local.slice(11, 19)} ${sign}${hours}${minutes} ${zone}`;
}

/** At most `length` characters, the last one an ellipsis where something was cut. */
export function ellipsis(text: string, length: number): string {
  const characters = [...text];
  return characters.length <= length ? text : `${characters.slice(0, length - 1).join("")}…`;
}

/** `key=value` pairs separated by commas, keys in order. */
export function joinLabels(labels: Readonly<Record<string, string>> | null | undefined): string {
  return Object.entries(labels ?? {})
    .map(([key, value]) => `${key}=${value}`)
    .sort()
    .join(",");
}
