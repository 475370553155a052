import type { Filters } from "../../../base/filters.ts";
import type { EngineEvent } from "../../../core/events/event-log.ts";
import type {
  AuthConfig,
  AuthResponse,
  BuildCache,
  ContainerSummary,
  ImageSummary,
  SystemInfo,
  SystemVersion,
  UsageSummary,
  Volume,
} from "../../../spec/engine-api/mod.ts";

export type DiskUsageKind = "container" | "image" | "volume" | "build-cache";

/** Sums with all their items; only the kinds asked for. The routes make each version's shape of it. */
export interface DiskUsageReport {
  readonly images?: Required<UsageSummary<ImageSummary>>;
  readonly containers?: Required<UsageSummary<ContainerSummary>>;
  readonly volumes?: Required<UsageSummary<Volume>>;
  readonly buildCache?: Required<UsageSummary<BuildCache>>;
}

export interface EventsOptions {
  /** Remembered events from this moment on come first; undefined for new ones only. */
  readonly sinceNs: bigint | undefined;
  /** The stream ends at this moment; undefined for never. */
  readonly untilNs: bigint | undefined;
  readonly filters: Filters;
  readonly signal: AbortSignal;
}

/** What the system routes ask of the engine. */
export interface SystemBackend {
  info(): Promise<SystemInfo>;
  /** `ApiVersion` and `MinAPIVersion` are filled by the route. */
  version(): Promise<Omit<SystemVersion, "ApiVersion" | "MinAPIVersion">>;
  diskUsage(options: { readonly kinds: readonly DiskUsageKind[] }): Promise<DiskUsageReport>;
  /** Resolves when the events from now on are being collected. Ends at `untilNs` or when the signal is aborted. */
  events(options: EventsOptions): Promise<AsyncIterable<EngineEvent>>;
  /** Checks credentials against a registry. Errors: unauthenticated, unavailable. */
  login(
    credentials: AuthConfig,
    options: { readonly signal: AbortSignal; readonly client: string },
  ): Promise<AuthResponse>;
}
