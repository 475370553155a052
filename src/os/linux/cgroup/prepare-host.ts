import { mkdirSync, rmdirSync } from "node:fs";
import { join } from "node:path";
import { isMountPoint, mount, mountTmpfs } from "../mount.ts";
import { isErrno } from "../syscall-error.ts";
import { type CgroupWorld, detectCgroupWorld, readControllers } from "./cgroup-world.ts";

export interface PreparedHost {
  readonly world: CgroupWorld;
  /** Controllers that were mounted just now. */
  readonly mounted: readonly string[];
  /** Controllers that stay on the unified hierarchy because somebody uses them there, with the kernel's reason. */
  readonly refused: ReadonlyMap<string, string>;
}

const ROOT = "/sys/fs/cgroup";

/**
 * Every control group controller of this host can be used by a container runtime. Hosts with one unified hierarchy stay as they
 * are; a host without any gets one. On v1 and hybrid hosts each enabled controller without a v1 hierarchy is mounted
 * at `/sys/fs/cgroup/NAME`: runtimes refuse a hybrid host whose unified hierarchy still has a controller. Idempotent, and safe
 * beside another engine that does the same. Errors: SyscallError of mount(2), EPERM without CAP_SYS_ADMIN.
 */
export async function prepareHost(): Promise<PreparedHost> {
  const before = detectCgroupWorld();
  if (before.mode === "v2") return { world: before, mounted: [], refused: new Map() };
  if (before.mode === "none" && (await mountUnified())) {
    return { world: detectCgroupWorld(), mounted: [], refused: new Map() };
  }
  if (!isMountPoint(ROOT)) mountTmpfs({ target: ROOT, mode: 0o755, label: "cgroup" });
  const mounted: string[] = [];
  const refused = new Map<string, string>();
  for (const controller of readControllers()) {
    if (!controller.enabled || before.controllers.has(controller.name)) continue;
    const reason = await mountController(controller.name);
    if (reason === undefined) mounted.push(controller.name);
    else refused.set(controller.name, reason);
  }
  return { world: detectCgroupWorld(), mounted, refused };
}

async function mountUnified(): Promise<boolean> {
  try {
    await mount({ source: "cgroup2", target: ROOT, fsType: "cgroup2" });
    return true;
  } catch (error) {
    // A kernel without cgroup2 gets the hierarchies of v1.
    if (isErrno(error, "ENODEV")) return false;
    throw error;
  }
}

/** Mounts one controller; the kernel's reason where the unified hierarchy does not give it up. */
async function mountController(name: string): Promise<string | undefined> {
  const target = join(ROOT, name);
  mkdirSync(target, { recursive: true });
  if (isMountPoint(target)) return undefined;
  try {
    await mount({ source: "cgroup", target, fsType: "cgroup", data: name });
    return undefined;
  } catch (error) {
    rmdirSync(target);
    if (isErrno(error, "EBUSY")) return error.message;
    throw error;
  }
}
