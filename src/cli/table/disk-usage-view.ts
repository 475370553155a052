import { formatSize } from "../../base/bytes.ts";
import { shortId } from "../../base/ids.ts";
import type {
  BuildCache,
  ContainerSummary,
  DiskUsage,
  ImageSummary,
  Volume,
} from "../../spec/engine-api/mod.ts";
import { containerView } from "./container-view.ts";
import { imageRows } from "./image-view.ts";
import { layOut } from "./tab-writer.ts";
import { timeAgo } from "./values.ts";
import type { View } from "./view.ts";

/** One line of `system df`; sizes in bytes. */
export interface UsageRow {
  readonly type: string;
  readonly total: number;
  readonly active: number;
  readonly sizeBytes: number;
  readonly reclaimableBytes: number;
  /** Whether the reclaimable part is also told in per cent. */
  readonly percent: boolean;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function isActive({ State }: ContainerSummary): boolean {
  return State === "running" || State === "paused" || State === "restarting";
}

function imageUsage(images: readonly ImageSummary[], layersBytes: number): UsageRow {
  const used = images.filter(({ Containers }) => Containers > 0);
  // Layers that images share are counted once in the whole and in no image.
  const usedBytes = sum(
    used.filter(({ SharedSize }) => SharedSize >= 0).map(({ Size, SharedSize }) => Size - SharedSize),
  );
  return {
    type: "Images",
    total: images.length,
    active: used.length,
    sizeBytes: layersBytes,
    reclaimableBytes: Math.max(0, layersBytes - usedBytes),
    percent: true,
  };
}

function volumeUsage(volumes: readonly Volume[]): UsageRow {
  const size = ({ UsageData }: Volume) => Math.max(0, UsageData?.Size ?? 0);
  const unused = volumes.filter(({ UsageData }) => UsageData?.RefCount === 0);
  return {
    type: "Local Volumes",
    total: volumes.length,
    active: volumes.filter(({ UsageData }) => (UsageData?.RefCount ?? 0) > 0).length,
    sizeBytes: sum(volumes.map(size)),
    reclaimableBytes: sum(unused.map(size)),
    percent: true,
  };
}

/** The four lines of `system df`. */
export function usageRows(usage: DiskUsage): UsageRow[] {
  const containers = usage.Containers ?? [];
  const caches = usage.BuildCache ?? [];
  const own = ({ SizeRw }: ContainerSummary) => SizeRw ?? 0;
  return [
    imageUsage(usage.Images ?? [], usage.LayersSize ?? 0),
    {
      type: "Containers",
      total: containers.length,
      active: containers.filter(isActive).length,
      sizeBytes: sum(containers.map(own)),
      reclaimableBytes: sum(containers.filter((container) => !isActive(container)).map(own)),
      percent: true,
    },
    volumeUsage(usage.Volumes ?? []),
    {
      type: "Build Cache",
      total: caches.length,
      active: caches.filter(({ InUse }) => InUse).length,
      sizeBytes: sum(caches.filter(({ Shared }) => !Shared).map(({ Size }) => Size)),
      reclaimableBytes: sum(caches.filter(({ InUse, Shared }) => !InUse && !Shared).map(({ Size }) => Size)),
      percent: false,
    },
  ];
}

function reclaimable({ reclaimableBytes, sizeBytes, percent }: UsageRow): string {
  const share = percent && sizeBytes > 0 ? ` (${Math.trunc((reclaimableBytes * 100) / sizeBytes)}%)` : "";
  return formatSize(reclaimableBytes) + share;
}

export const USAGE_VIEW: View<UsageRow> = {
  typeName: "*formatter.diskUsageContext",
  fields: {
    Type: { header: "TYPE", value: ({ type }) => type },
    TotalCount: { header: "TOTAL", value: ({ total }) => String(total) },
    Active: { header: "ACTIVE", value: ({ active }) => String(active) },
    Size: { header: "SIZE", value: ({ sizeBytes }) => formatSize(sizeBytes) },
    Reclaimable: { header: "RECLAIMABLE", value: reclaimable },
  },
};

function table(title: string, header: string, rows: readonly string[][]): string {
  return `${title}\n\n${layOut(`${header.replaceAll("|", "\t")}\n${rows.map((cells) => `${cells.join("\t")}\n`).join("")}`)}`;
}

function imageLines(images: readonly ImageSummary[]): string[][] {
  return images.map((image) => {
    // Docker tells an image here by its first name alone.
    const { repository, tag } = imageRows(image, false)[0]!;
    return [
      repository,
      tag,
      shortId(image.Id),
      timeAgo(image.Created),
      formatSize(image.Size, 3),
      formatSize(Math.max(0, image.SharedSize)),
      formatSize(image.Size - Math.max(0, image.SharedSize)),
      String(image.Containers),
    ];
  });
}

function containerLines(containers: readonly ContainerSummary[]): string[][] {
  const { fields } = containerView(false);
  const names = ["ID", "Image", "Command", "LocalVolumes", "Size", "RunningFor", "Status", "Names"];
  return containers.map((container) =>
    names.map((name) =>
      name === "Size" ? formatSize(container.SizeRw ?? 0, 3) : String(fields[name]!.value(container)),
    ),
  );
}

function cacheLines(caches: readonly BuildCache[]): string[][] {
  return caches.map((cache) => [
    cache.ID + (cache.InUse ? "*" : ""),
    cache.Type,
    formatSize(cache.Size, 3),
    timeAgo(Date.parse(cache.CreatedAt) / 1000),
    cache.LastUsedAt ? timeAgo(Date.parse(cache.LastUsedAt) / 1000) : "",
    String(cache.UsageCount),
    String(cache.Shared),
  ]);
}

/** `system df -v`. */
export function verboseText(usage: DiskUsage): string {
  const volumes = (usage.Volumes ?? []).map(({ Name, UsageData }) => [
    Name,
    String(UsageData?.RefCount ?? 0),
    formatSize(UsageData?.Size ?? 0),
  ]);
  const cacheBytes = usageRows(usage)[3]!.sizeBytes;
  return [
    table(
      "Images space usage:",
      "REPOSITORY|TAG|IMAGE ID|CREATED|SIZE|SHARED SIZE|UNIQUE SIZE|CONTAINERS",
      imageLines(usage.Images ?? []),
    ),
    table(
      "Containers space usage:",
      "CONTAINER ID|IMAGE|COMMAND|LOCAL VOLUMES|SIZE|CREATED|STATUS|NAMES",
      containerLines(usage.Containers ?? []),
    ),
    table("Local Volumes space usage:", "VOLUME NAME|LINKS|SIZE", volumes),
    table(
      `Build cache usage: ${formatSize(cacheBytes)}`,
      "CACHE ID|CACHE TYPE|SIZE|CREATED|LAST USED|USAGE|SHARED",
      cacheLines(usage.BuildCache ?? []),
    ),
  ].join("\n");
}
