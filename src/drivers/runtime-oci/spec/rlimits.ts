import { invalidArgument } from "../../../base/errors.ts";
import type { Ulimit } from "../../../spec/engine-api/mod.ts";
import type { RuntimeRlimit } from "../../../spec/oci-runtime/mod.ts";

/** "No limit" in a document: the number the kernel has for it, which JavaScript can only round to. */
export const UNLIMITED = 2 ** 64;

const NAMES = new Set(
  "core cpu data fsize locks memlock msgqueue nice nofile nproc rss rtprio rttime sigpending stack".split(
    " ",
  ),
);

function fromUlimit(ulimit: Ulimit): RuntimeRlimit {
  const name = ulimit.Name.toLowerCase();
  if (!NAMES.has(name)) throw invalidArgument(`invalid ulimit type: ${ulimit.Name}`);
  const amount = (value: number) => (value < 0 ? UNLIMITED : value);
  if (amount(ulimit.Soft) > amount(ulimit.Hard)) {
    throw invalidArgument(
      `ulimit soft limit must be less than or equal to hard limit: ${ulimit.Soft} > ${ulimit.Hard}`,
    );
  }
  return { type: `RLIMIT_${name.toUpperCase()}`, soft: amount(ulimit.Soft), hard: amount(ulimit.Hard) };
}

/** What the engine's own rights leave of a limit. */
interface LimitHost {
  readonly capabilities: ReadonlySet<string>;
  /** The engine's own hard limits by name; missing for none. */
  readonly hardLimits: Readonly<Record<string, number>>;
}

/** A process without CAP_SYS_RESOURCE cannot go above its own hard limit; the runtime would fail where it is told to. */
function clamp(limit: RuntimeRlimit, { capabilities, hardLimits }: LimitHost): RuntimeRlimit {
  if (capabilities.has("CAP_SYS_RESOURCE")) return limit;
  const most = hardLimits[nameOf(limit)] ?? UNLIMITED;
  return { type: limit.type, soft: Math.min(limit.soft, most), hard: Math.min(limit.hard, most) };
}

function nameOf({ type }: RuntimeRlimit): string {
  return type.slice("RLIMIT_".length).toLowerCase();
}

/** The limits of a container's processes. Errors: invalidArgument. */
export function buildRlimits(
  defaults: readonly Ulimit[],
  ulimits: readonly Ulimit[] | null | undefined,
  host: LimitHost,
): RuntimeRlimit[] {
  const all = [...defaults, ...(ulimits ?? [])].map(fromUlimit);
  const limits = new Map(all.map((limit) => [limit.type, limit]));
  return [...limits.values()].map((limit) => clamp(limit, host));
}

/** A line for each limit that a container asks for and this host does not let it have. Errors: invalidArgument. */
export function tellLoweredRlimits(ulimits: readonly Ulimit[] | null | undefined, host: LimitHost): string[] {
  return (ulimits ?? []).map(fromUlimit).flatMap((wanted) => {
    const { hard } = clamp(wanted, host);
    if (hard === wanted.hard) return [];
    return `This host does not let containers raise the ${nameOf(wanted)} limit above ${hard}. Limit lowered.`;
  });
}
