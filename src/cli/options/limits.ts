import { invalidArgument } from "../../base/errors.ts";
import type { RestartPolicy, RestartPolicyName } from "../../spec/engine-api/mod.ts";

/** Billionths of a CPU of a `--cpus` value: a decimal number or a fraction. Throws an Error. */
export function parseCpus(text: string): number {
  const decimal = /^[+-]?(\d+\.?\d*|\.\d+)$/.exec(text);
  const fraction = /^([+-]?\d+)\/(\d+)$/.exec(text);
  if (!decimal && !fraction) throw new Error(`failed to parse ${text} as a rational number`);
  const nano = fraction ? (Number(fraction[1]) / Number(fraction[2])) * 1e9 : decimalNano(text);
  if (!Number.isInteger(nano)) throw new Error("value is too precise");
  return nano;
}

/** Exact: a double cannot hold most decimals, so the digits are shifted instead. */
function decimalNano(text: string): number {
  const [whole = "", decimals = ""] = text.split(".");
  if (/[1-9]/.test(decimals.slice(9))) return Number.NaN;
  return Number(`${whole}${decimals.slice(0, 9).padEnd(9, "0")}`);
}

/** What `--restart` asks for: `no`, `always`, `unless-stopped`, `on-failure[:retries]`. */
export function parseRestartPolicy(text: string): RestartPolicy {
  if (text === "") return {};
  const [name = "", count, ...more] = text.split(":");
  if (more.length > 0) throw invalidArgument("invalid restart policy format");
  if (count !== undefined && name === "")
    throw invalidArgument("invalid restart policy format: no policy provided before colon");
  if (count !== undefined && !/^[+-]?\d+$/.test(count))
    throw invalidArgument("invalid restart policy format: maximum retry count must be an integer");
  return { Name: name as RestartPolicyName, MaximumRetryCount: Number(count ?? 0) };
}
