import { existsSync } from "node:fs";
import { internal, messageOf } from "../../../base/errors.ts";
import { isProfileLoaded, loadProfile, readOwnProfile } from "../../../os/linux/apparmor.ts";
import { DEFAULT_APPARMOR_PROFILE } from "../spec/apparmor.ts";
import { defaultProfileText } from "./default-profile.ts";

const DIRECTORY = "/etc/apparmor.d";

let loading: Promise<void> | undefined;

/**
 * The kernel has the default profile; it is loaded again where an upgrade took it away. For hosts with AppArmor.
 * Errors: internal where it cannot be loaded.
 */
export async function ensureDefaultProfile(): Promise<void> {
  if (isProfileLoaded(DEFAULT_APPARMOR_PROFILE)) return;
  loading ??= load().finally(() => {
    loading = undefined;
  });
  await loading;
}

async function load(): Promise<void> {
  const has = (file: string) => existsSync(`${DIRECTORY}/${file}`);
  const parts = { abi: has("abi/3.0"), tunables: has("tunables/global"), base: has("abstractions/base") };
  try {
    await loadProfile(defaultProfileText(DEFAULT_APPARMOR_PROFILE, readOwnProfile(), parts));
  } catch (error) {
    throw internal(
      `AppArmor enabled on system but the ${DEFAULT_APPARMOR_PROFILE} profile could not be loaded: ${messageOf(error)}`,
      { cause: error, hint: "Install the package apparmor." },
    );
  }
}
