import { formatSize } from "../../base/bytes.ts";
import { shortId } from "../../base/ids.ts";
import type { ContainerSummary, MountPoint } from "../../spec/engine-api/mod.ts";
import { GO_TEXT } from "../../spec/go-template/values.ts";
import { formatPlatform, type Platform } from "../../spec/oci-image/platform.ts";
import { LABEL_FIELDS } from "./label-fields.ts";
import { formatPorts } from "./ports.ts";
import { ellipsis, goTime, timeAgo } from "./values.ts";
import type { View } from "./view.ts";

export const CONTAINER_COLUMNS = ["ID", "Image", "Command", "RunningFor", "Status", "Ports", "Names"];

const COMMAND_WIDTH = 20;
const MOUNT_WIDTH = 15;

/** Names without their slash; short ones leave out what links gave. */
function names(container: ContainerSummary, full: boolean): string {
  const own = container.Names.map((name) => name.replace(/^\//, ""));
  return (full ? own : own.filter((name) => !name.includes("/"))).join(",");
}

/** An image named by its digest shows its name and tag; one that lost its name shows a short id. */
function image(container: ContainerSummary, full: boolean): string {
  if (container.Image === "") return "<no image>";
  if (full) return container.Image;
  if (shortId(container.ImageID) === shortId(container.Image)) return shortId(container.Image);
  return container.Image.replace(/@sha256:[0-9a-f]{64}$/, "");
}

function size(container: ContainerSummary): string {
  const own = formatSize(container.SizeRw ?? 0, 3);
  const root = container.SizeRootFs ?? 0;
  return root > 0 ? `${own} (virtual ${formatSize(root, 3)})` : own;
}

/** Prints as `os/architecture/variant`; JSON has its fields in the order of docker's struct. */
function platform(found: Platform | undefined): object | null {
  if (!found) return null;
  const { architecture, os, ...rest } = found;
  return { architecture, os, ...rest, [GO_TEXT]: () => formatPlatform(found) };
}

function mounts(points: readonly MountPoint[] | null, full: boolean): string {
  const shown = (points ?? []).map((point) => {
    const name = point.Name || point.Source;
    return full ? name : ellipsis(name, MOUNT_WIDTH);
  });
  return shown.join(",");
}

/** Containers as `ps` shows them; `full` cuts nothing. */
export function containerView(full: boolean): View<ContainerSummary> {
  const id = (text: string) => (full ? text : shortId(text));
  return {
    typeName: "*formatter.ContainerContext",
    fields: {
      ID: { header: "CONTAINER ID", value: (container) => id(container.Id) },
      Names: { header: "NAMES", value: (container) => names(container, full) },
      Image: { header: "IMAGE", value: (container) => image(container, full) },
      Command: {
        header: "COMMAND",
        value: ({ Command }) => JSON.stringify(full ? Command : ellipsis(Command, COMMAND_WIDTH)),
      },
      CreatedAt: { header: "CREATED AT", value: ({ Created }) => goTime(Created) },
      RunningFor: { header: "CREATED", value: ({ Created }) => timeAgo(Created) },
      Ports: { header: "PORTS", value: ({ Ports }) => formatPorts(Ports ?? []) },
      State: { header: "STATE", value: ({ State }) => State },
      Status: { header: "STATUS", value: ({ Status }) => Status },
      Size: { header: "SIZE", value: size },
      ...LABEL_FIELDS,
      Mounts: { header: "MOUNTS", value: ({ Mounts }) => mounts(Mounts, full) },
      LocalVolumes: {
        header: "LOCAL VOLUMES",
        value: ({ Mounts }) => String((Mounts ?? []).filter(({ Driver }) => Driver === "local").length),
      },
      Networks: {
        header: "NETWORKS",
        value: ({ NetworkSettings }) => Object.keys(NetworkSettings?.Networks ?? {}).join(","),
      },
      Platform: {
        header: "PLATFORM",
        value: ({ ImageManifestDescriptor }) => platform(ImageManifestDescriptor?.platform),
      },
    },
  };
}
