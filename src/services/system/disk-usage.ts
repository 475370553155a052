import type {
  BuildCache,
  ContainerSummary,
  ImageSummary,
  UsageSummary,
  Volume,
} from "../../spec/engine-api/mod.ts";

/** Where `system df` gets its lists from. */
export interface UsageSources {
  containers(): Promise<ContainerSummary[]>;
  images(): Promise<Required<UsageSummary<ImageSummary>>>;
  volumes(): Promise<Volume[]>;
}

export type DiskUsageKind = "container" | "image" | "volume" | "build-cache";

export interface DiskUsageReport {
  readonly images?: Required<UsageSummary<ImageSummary>>;
  readonly containers?: Required<UsageSummary<ContainerSummary>>;
  readonly volumes?: Required<UsageSummary<Volume>>;
  readonly buildCache?: Required<UsageSummary<BuildCache>>;
}

/** Nothing is built here, so nothing is kept of it. */
const NO_BUILD_CACHE: Required<UsageSummary<BuildCache>> = {
  ActiveCount: 0,
  TotalCount: 0,
  Reclaimable: 0,
  TotalSize: 0,
  Items: [],
};

/** What takes up space, of the kinds that are asked for. */
export async function reportDiskUsage(
  sources: UsageSources,
  kinds: readonly DiskUsageKind[],
): Promise<DiskUsageReport> {
  const wants = (kind: DiskUsageKind) => kinds.includes(kind);
  return {
    ...(wants("image") ? { images: await sources.images() } : {}),
    ...(wants("container") ? { containers: summarizeContainers(await sources.containers()) } : {}),
    ...(wants("volume") ? { volumes: summarizeVolumes(await sources.volumes()) } : {}),
    ...(wants("build-cache") ? { buildCache: NO_BUILD_CACHE } : {}),
  };
}

const RUNNING_STATES: readonly string[] = ["running", "paused", "restarting"];

function summarizeContainers(items: ContainerSummary[]): Required<UsageSummary<ContainerSummary>> {
  return summarize(items, {
    isActive: ({ State }) => RUNNING_STATES.includes(State),
    sizeBytes: ({ SizeRw = 0 }) => SizeRw,
  });
}

function summarizeVolumes(items: Volume[]): Required<UsageSummary<Volume>> {
  return summarize(items, {
    isActive: ({ UsageData }) => (UsageData?.RefCount ?? 0) > 0,
    sizeBytes: ({ UsageData }) => Math.max(0, UsageData?.Size ?? 0),
  });
}

interface Measure<T> {
  isActive(item: T): boolean;
  sizeBytes(item: T): number;
}

function summarize<T>(items: T[], { isActive, sizeBytes }: Measure<T>): Required<UsageSummary<T>> {
  const sum = (some: readonly T[]) => some.reduce((total, item) => total + sizeBytes(item), 0);
  const active = items.filter(isActive);
  return {
    ActiveCount: active.length,
    TotalCount: items.length,
    TotalSize: sum(items),
    Reclaimable: sum(items) - sum(active),
    Items: items,
  };
}
