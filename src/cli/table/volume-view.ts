import { formatSize } from "../../base/bytes.ts";
import type { Volume } from "../../spec/engine-api/mod.ts";
import { LABEL_FIELDS } from "./label-fields.ts";
import type { View } from "./view.ts";

/** Volumes as `volume ls` shows them. */
export const VOLUME_VIEW: View<Volume> = {
  typeName: "*formatter.volumeContext",
  fields: {
    Name: { header: "VOLUME NAME", value: ({ Name }) => Name },
    Driver: { header: "DRIVER", value: ({ Driver }) => Driver },
    Scope: { header: "SCOPE", value: ({ Scope }) => Scope },
    Mountpoint: { header: "MOUNTPOINT", value: ({ Mountpoint }) => Mountpoint },
    ...LABEL_FIELDS,
    Links: { header: "LINKS", value: ({ UsageData }) => (UsageData ? String(UsageData.RefCount) : "N/A") },
    Size: { header: "SIZE", value: ({ UsageData }) => (UsageData ? formatSize(UsageData.Size, 4) : "N/A") },
    Availability: { header: "AVAILABILITY", value: () => "N/A" },
    Group: { header: "GROUP", value: () => "N/A" },
    Status: { header: "STATUS", value: () => "N/A" },
  },
};
