import { sortedByKey } from "../../../base/sorted-by-key.ts";
import type { ContainerConfig } from "../../../spec/engine-api/mod.ts";

/**
 * A create request's config with what the image says filled in, by docker's rules: environment and labels are merged,
 * ports and volumes are added, an own entry point drops the image's command. `[]` clears the image's entry point, and `[""]` its
 * command as well.
 */
export function mergeImageConfig(request: ContainerConfig, image: ContainerConfig): ContainerConfig {
  const entrypoint = request.Entrypoint ?? image.Entrypoint ?? null;
  const saysWhatRuns = (request.Entrypoint ?? []).length > 0 || (request.Cmd ?? []).length > 0;
  const merged: ContainerConfig = {
    ...request,
    User: request.User || image.User || "",
    WorkingDir: request.WorkingDir || image.WorkingDir || "",
    Entrypoint: entrypoint?.length === 1 && entrypoint[0] === "" ? null : entrypoint,
    Cmd: (saysWhatRuns ? request.Cmd : image.Cmd) ?? null,
    Env: mergeEnvironment(request.Env ?? [], image.Env ?? null),
    Labels: sortedByKey({ ...image.Labels, ...request.Labels }),
  };
  const ports = { ...image.ExposedPorts, ...request.ExposedPorts };
  if (Object.keys(ports).length > 0) merged.ExposedPorts = sortedByKey(ports);
  const volumes = { ...image.Volumes, ...request.Volumes };
  merged.Volumes = Object.keys(volumes).length > 0 ? sortedByKey(volumes) : null;
  const stopSignal = request.StopSignal || image.StopSignal;
  if (stopSignal) merged.StopSignal = stopSignal;
  merged.OnBuild = request.OnBuild ?? null;
  const healthcheck = mergeHealthcheck(request.Healthcheck, image.Healthcheck);
  if (healthcheck) merged.Healthcheck = healthcheck;
  if (image.Shell && !request.Shell) merged.Shell = image.Shell;
  return merged;
}

function mergeHealthcheck(
  own: ContainerConfig["Healthcheck"],
  image: ContainerConfig["Healthcheck"],
): ContainerConfig["Healthcheck"] {
  if (!own || !image) return own ?? image;
  const merged = { ...own };
  if ((merged.Test ?? []).length === 0) merged.Test = image.Test ?? null;
  for (const key of ["Interval", "Timeout", "StartPeriod", "StartInterval", "Retries"] as const) {
    const inherited = image[key];
    if (!merged[key] && inherited) merged[key] = inherited;
  }
  return merged;
}

/** The request's variables, then those of the image that the request does not set; the image's as they are where it has none. */
function mergeEnvironment(own: readonly string[], image: readonly string[] | null): string[] | null {
  if (own.length === 0) return image && [...image];
  const names = new Set(own.map((entry) => entry.split("=", 1)[0]));
  return [...own, ...(image ?? []).filter((entry) => !names.has(entry.split("=", 1)[0]))];
}
