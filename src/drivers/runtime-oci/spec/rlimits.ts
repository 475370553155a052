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

/** A process without CAP_SYS_RESOURCE cannot go above its own hard limit; the runtime would fail where it is told to. */
function clamp(limit: RuntimeRlimit, hardLimits: Readonly<Record<string, number>>): RuntimeRlimit {
  const most = hardLimits[limit.type.slice("RLIMIT_".length).toLowerCase()] ?? UNLIMITED;
  return { type: limit.type, soft: Math.min(limit.soft, most), hard: Math.min(limit.hard, most) };
}

/** The limits of a container's processes. Errors: invalidArgument. */
export function buildRlimits(
  defaults: readonly RuntimeRlimit[],
  ulimits: readonly Ulimit[] | null | undefined,
  host: { readonly capabilities: ReadonlySet<string>; readonly hardLimits: Readonly<Record<string, number>> },
): RuntimeRlimit[] {
  const limits = new Map(defaults.map((limit) => [limit.type, limit]));
  for (const limit of (ulimits ?? []).map(fromUlimit)) limits.set(limit.type, limit);
  const canRaise = host.capabilities.has("CAP_SYS_RESOURCE");
  return [...limits.values()].map((limit) => (canRaise ? limit : clamp(limit, host.hardLimits)));
}
