import { mountRestrictions } from "../../../os/linux/statfs.ts";
import type { RuntimeMount } from "../../../spec/oci-runtime/mod.ts";

/**
 * The mounts, where binds forbid at least what the mounts that their sources lie on forbid: writing, programs, devices,
 * set-user-id bits. crun (1.8) mounts a bind anew with the flags that it is given alone, and so allows what is not named.
 */
export async function keepSourceRestrictions(mounts: readonly RuntimeMount[]): Promise<RuntimeMount[]> {
  return await Promise.all(mounts.map(async (mount) => (isBind(mount) ? await restricted(mount) : mount)));
}

function isBind({ options = [] }: RuntimeMount): boolean {
  return options.includes("bind") || options.includes("rbind");
}

async function restricted(mount: RuntimeMount): Promise<RuntimeMount> {
  const options = mount.options ?? [];
  const restrictions = await restrictionsOf(mount.source ?? "");
  return { ...mount, options: [...options, ...restrictions.filter((each) => !options.includes(each))] };
}

async function restrictionsOf(source: string): Promise<readonly string[]> {
  try {
    return await mountRestrictions(source);
  } catch {
    // What is missing, or cannot be looked at, is for the OCI runtime to complain about.
    return [];
  }
}
