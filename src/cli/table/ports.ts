import type { PortSummary } from "../../spec/engine-api/mod.ts";

interface Group {
  readonly first: number;
  readonly last: number;
}

/** Order of docker's table: by container port, then protocol, host address, host port. */
function compare(a: PortSummary, b: PortSummary): number {
  if (a.PrivatePort !== b.PrivatePort) return a.PrivatePort - b.PrivatePort;
  if ((a.IP ?? "") !== (b.IP ?? "")) return (a.IP ?? "") < (b.IP ?? "") ? -1 : 1;
  if ((a.PublicPort ?? 0) !== (b.PublicPort ?? 0)) return (a.PublicPort ?? 0) - (b.PublicPort ?? 0);
  return a.Type < b.Type ? -1 : a.Type > b.Type ? 1 : 0;
}

function joinHostPort(ip: string, port: string): string {
  return ip.includes(":") ? `[${ip}]:${port}` : `${ip}:${port}`;
}

function formGroup(key: string, { first, last }: Group): string {
  const [ip, protocol] = key.includes("/") ? key.split("/") : ["", key];
  const range = first === last ? String(first) : `${first}-${last}`;
  const host = ip === "" ? "" : `${joinHostPort(ip!, range)}->`;
  return `${host}${range}/${protocol}`;
}

/**
 * The PORTS column: ports next to each other that are published as they are, or not at all, become one range.
 * `0.0.0.0:8080->80/tcp, [::]:8080->80/tcp, 9000-9002/tcp`.
 */
export function formatPorts(ports: readonly PortSummary[]): string {
  const groups = new Map<string, Group>();
  const groupOrder: string[] = [];
  const mapped: string[] = [];
  const finished: string[] = [];
  for (const port of [...ports].sort(compare)) {
    const current = port.PrivatePort;
    let key: string = port.Type;
    if (port.IP) {
      if (port.PublicPort !== current) {
        mapped.push(`${joinHostPort(port.IP, String(port.PublicPort))}->${current}/${port.Type}`);
        continue;
      }
      key = `${port.IP}/${port.Type}`;
    }
    const group = groups.get(key);
    if (!group) {
      groups.set(key, { first: current, last: current });
      groupOrder.push(key);
    } else if (current === group.last + 1) groups.set(key, { ...group, last: current });
    else {
      finished.push(formGroup(key, group));
      groups.set(key, { first: current, last: current });
    }
  }
  for (const key of groupOrder) finished.push(formGroup(key, groups.get(key)!));
  return [...finished, ...mapped].join(", ");
}
