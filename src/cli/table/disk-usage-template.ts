import type { DiskUsage } from "../../spec/engine-api/mod.ts";
import { GO_TYPE } from "../../spec/go-template/values.ts";
import { containerView } from "./container-view.ts";
import { imageRows, imageView } from "./image-view.ts";
import { contextOf, renderOne } from "./render-template.ts";
import { VOLUME_VIEW } from "./volume-view.ts";

/**
 * `system df -v` through `json` or `TEMPLATE`: lists of what the other lists have as lines. Errors: ExitError for a template that
 * docker would refuse.
 */
export function renderVerboseUsage(usage: DiskUsage, format: string): string {
  const [images, containers] = [imageView(true), containerView(true)];
  const context = {
    // Docker tells an image here by its first name alone.
    Images: (usage.Images ?? []).map((image) =>
      contextOf(images, { ...imageRows(image, false)[0]!, digest: "" }),
    ),
    // Only what is a container's own is told of its size.
    Containers: (usage.Containers ?? []).map((container) =>
      contextOf(containers, { ...container, SizeRootFs: 0 }),
    ),
    Volumes: (usage.Volumes ?? []).map((volume) => contextOf(VOLUME_VIEW, volume)),
    BuildCache: usage.BuildCache ?? [],
  };
  return renderOne(Object.defineProperty(context, GO_TYPE, { value: "*formatter.diskUsageContext" }), format);
}
