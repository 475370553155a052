import type { OCIDescriptor } from "../../spec/engine-api/mod.ts";
import type { Descriptor } from "../../spec/oci-image/descriptor.ts";

/** A descriptor in the API's shape. */
export function toApiDescriptor(descriptor: Descriptor): OCIDescriptor {
  const { urls, annotations, platform, ...rest } = descriptor;
  const { "os.features": features, ...plain } = platform ?? { os: "", architecture: "" };
  return {
    ...rest,
    ...(urls && { urls: [...urls] }),
    ...(annotations && { annotations: { ...annotations } }),
    ...(platform && { platform: { ...plain, ...(features && { "os.features": [...features] }) } }),
  };
}
