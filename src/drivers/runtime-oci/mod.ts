/** Tasks by OCI runtimes under conmon. */
export { ensureDefaultProfile } from "./apparmor/ensure-default-profile.ts";
export { deriveCgroupParent } from "./cgroup-parent.ts";
export { findHostDevices } from "./host-devices.ts";
export { readHostFacts } from "./host-facts.ts";
export { findInitProgram, nameOfInit } from "./init-program.ts";
export { OciRuntime, type OciRuntimeOptions, type RuntimeChoice } from "./oci-runtime.ts";
export { findProgram, type RuntimeSetting } from "./runtime-programs.ts";
export { apparmorProfileOf, DEFAULT_APPARMOR_PROFILE } from "./spec/apparmor.ts";
export {
  buildRuntimeSpec,
  capabilitySets,
  defaultMaskedPaths,
  defaultReadonlyPaths,
} from "./spec/build-spec.ts";
export { resolveCapabilities } from "./spec/capabilities.ts";
export { mergeEnvironment } from "./spec/environment.ts";
export type {
  HostFacts,
  NamespaceChoice,
  ResolvedMount,
  SpecDefaults,
} from "./spec/input.ts";
export { buildResources } from "./spec/resources.ts";
export { tellLoweredRlimits } from "./spec/rlimits.ts";
export { parseSecurityOptions } from "./spec/security-options.ts";
export { resolveUser } from "./user.ts";
