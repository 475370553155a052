import type { RuntimeSpec } from "../../spec/oci-runtime/mod.ts";
import { applyCdiEdits } from "./apply-edits.ts";

/** What NVIDIA's driver can be asked for. Source: NVIDIA container toolkit, "Driver capabilities". */
export const NVIDIA_CAPABILITIES = [
  "compute",
  "compat32",
  "graphics",
  "utility",
  "video",
  "display",
] as const;

const known: readonly string[] = NVIDIA_CAPABILITIES;

/** The document with NVIDIA's hook, told of the devices and the capabilities. Nothing changes without devices. */
export function addNvidiaHook(
  spec: RuntimeSpec,
  hookPath: string,
  deviceIds: readonly string[],
  capabilities: readonly string[],
): RuntimeSpec {
  if (deviceIds.length === 0) return spec;
  const driverCapabilities = capabilities.filter((capability) => known.includes(capability));
  const env = [`NVIDIA_VISIBLE_DEVICES=${deviceIds.join(",")}`];
  if (driverCapabilities.length > 0) env.push(`NVIDIA_DRIVER_CAPABILITIES=${driverCapabilities.join(",")}`);
  const own = Object.entries(process.env).map(([name, value]) => `${name}=${value}`);
  const args = ["nvidia-container-runtime-hook", "prestart"];
  return applyCdiEdits(
    spec,
    { env, hooks: [{ hookName: "prestart", path: hookPath, args, env: own }] },
    () => [],
  );
}
