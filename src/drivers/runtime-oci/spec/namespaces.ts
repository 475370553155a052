import type { LinuxNamespace, NamespaceType } from "../../../spec/oci-runtime/mod.ts";
import type { NamespaceChoice } from "./input.ts";

type Choice = "private" | "none" | "host" | { readonly path: string };

function namespace(type: NamespaceType, choice: Choice): LinuxNamespace[] {
  if (choice === "host") return [];
  return [typeof choice === "object" ? { type, path: choice.path } : { type }];
}

/** The namespaces that a container gets or joins. */
export function buildNamespaces(choice: NamespaceChoice): LinuxNamespace[] {
  return [
    { type: "mount" },
    ...namespace("network", choice.network),
    ...namespace("uts", choice.uts),
    ...namespace("pid", choice.pid),
    ...namespace("ipc", choice.ipc),
    ...namespace("cgroup", choice.cgroup),
    ...(choice.user ? namespace("user", "private") : []),
  ];
}

/** Kernel settings of the container's own namespaces; what the user asked for wins. */
export function buildSysctls(
  choice: NamespaceChoice,
  requested: Readonly<Record<string, string>> | null | undefined,
  ownsNetwork: boolean,
): Record<string, string> {
  const defaults: Record<string, string> = {};
  if (ownsNetwork) {
    // Ports below 1024 and ping need no privilege inside: the port space is the container's own.
    defaults["net.ipv4.ip_unprivileged_port_start"] = "0";
    if (!choice.user) defaults["net.ipv4.ping_group_range"] = "0 2147483647";
  }
  return { ...defaults, ...requested };
}
