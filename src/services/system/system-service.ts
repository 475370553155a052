import type { EngineEvent } from "../../core/events/event-log.ts";
import type { AuthConfig, AuthResponse, SystemInfo, SystemVersion } from "../../spec/engine-api/mod.ts";
import { type DiskUsageKind, type DiskUsageReport, reportDiskUsage } from "./disk-usage.ts";
import { type EventsOptions, streamEvents } from "./events.ts";
import { describeSystem } from "./info.ts";
import type { SystemServiceParts } from "./parts.ts";
import { describeVersion } from "./version.ts";

/** The engine as a whole: what it is, what it holds, what happens in it. */
export class SystemService {
  readonly #parts: SystemServiceParts;

  constructor(parts: SystemServiceParts) {
    this.#parts = parts;
  }

  version(): Promise<Omit<SystemVersion, "ApiVersion" | "MinAPIVersion">> {
    return describeVersion(this.#parts);
  }

  info(): Promise<SystemInfo> {
    return describeSystem(this.#parts);
  }

  /** Tells that the configuration was read again and what it says now. */
  announceReload(attributes: Readonly<Record<string, string>>): void {
    this.#parts.events.publish({
      type: "daemon",
      action: "reload",
      actor: { id: this.#parts.engineId, attributes: { ...attributes, name: this.#parts.host().name } },
    });
  }

  diskUsage({ kinds }: { readonly kinds: readonly DiskUsageKind[] }): Promise<DiskUsageReport> {
    return reportDiskUsage(this.#parts.usage, kinds);
  }

  async events(options: EventsOptions): Promise<AsyncIterable<EngineEvent>> {
    return streamEvents(this.#parts.events, options);
  }

  async login(credentials: AuthConfig, { client }: { readonly client: string }): Promise<AuthResponse> {
    const server = credentials.serveraddress || "https://index.docker.io/v1/";
    const { identityToken } = await this.#parts.remotes.login(server, {
      ...(credentials.username ? { username: credentials.username } : {}),
      ...(credentials.password ? { password: credentials.password } : {}),
      ...(credentials.identitytoken ? { identityToken: credentials.identitytoken } : {}),
      client,
    });
    return { Status: "Login Succeeded", IdentityToken: identityToken };
  }
}
