import { invalidArgument } from "../../../base/errors.ts";
import type { BuildCache, DiskUsage, UsageSummary } from "../../../spec/engine-api/mod.ts";
import type { Endpoint } from "../../server/endpoint.ts";
import type { Exchange } from "../../server/exchange.ts";
import { adapt, type VersionRule } from "../../server/versions.ts";
import { summaryRules as containerRules } from "../containers/versions.ts";
import { summaryRules as imageRules } from "../images/versions.ts";
import type { DiskUsageKind, DiskUsageReport, SystemBackend } from "./backend.ts";

const KINDS: readonly DiskUsageKind[] = ["container", "image", "volume", "build-cache"];

export function diskUsageRoute(backend: SystemBackend): Endpoint {
  return {
    method: "GET",
    path: "/system/df",
    handle: async (exchange) => {
      const report = await backend.diskUsage({ kinds: kindsAskedFor(exchange) });
      exchange.json(200, diskUsageOf(report, exchange));
    },
  };
}

function kindsAskedFor({ query, version }: Exchange): readonly DiskUsageKind[] {
  if (version.below("1.42") || !query.has("type")) return KINDS;
  return query.all("type").map((text) => {
    const kind = KINDS.find((known) => known === text);
    if (kind === undefined) throw invalidArgument(`unknown object type: ${text}`);
    return kind;
  });
}

/** Lists before 1.52; since then sums, with the lists too unless `verbose` shows that the client knows the sums. */
function diskUsageOf(report: DiskUsageReport, exchange: Exchange): DiskUsage {
  const { query, version } = exchange;
  if (version.below("1.52")) return lists(report, exchange);
  const verbose = query.bool("verbose");
  const sums: DiskUsage = {
    ...(report.images && { ImageUsage: sum(report.images, verbose) }),
    ...(report.containers && { ContainerUsage: sum(report.containers, verbose) }),
    ...(report.volumes && { VolumeUsage: sum(report.volumes, verbose) }),
    ...(report.buildCache && { BuildCacheUsage: sum(report.buildCache, verbose) }),
  };
  return verbose ? sums : { ...lists(report, exchange), ...sums };
}

function sum<Item>(usage: Required<UsageSummary<Item>>, verbose: boolean): UsageSummary<Item> {
  const { Items, ...sums } = usage;
  return verbose ? { ...sums, Items } : sums;
}

const buildCacheRules: readonly VersionRule<BuildCache>[] = [
  {
    below: "1.42",
    apply: (record) => {
      record.Parent ??= record.Parents?.[0] ?? "";
      delete record.Parents;
    },
  },
  {
    from: "1.42",
    apply: (record) => {
      delete record.Parent;
    },
  },
];

function lists(
  { images, containers, volumes, buildCache }: DiskUsageReport,
  { version }: Exchange,
): DiskUsage {
  return {
    ...(images && {
      LayersSize: images.TotalSize,
      Images: images.Items.map((image) => ({
        ...adapt(imageRules, version, image),
        // Lists of images have had the count since 1.51; here it always was.
        Containers: image.Containers,
      })),
    }),
    ...(containers && {
      Containers: containers.Items.map((container) => adapt(containerRules, version, container)),
    }),
    ...(volumes && { Volumes: volumes.Items }),
    ...(buildCache && {
      BuildCache: buildCache.Items.map((record) => adapt(buildCacheRules, version, record)),
    }),
    ...(version.below("1.42") ? { BuilderSize: 0 } : {}),
  };
}
