import { expect, test } from "bun:test";
import { parseLoadedProfiles } from "../../../os/linux/apparmor.ts";
import { defaultProfileText } from "./default-profile.ts";

test("what the host's files offer is used, what they do not is written out", () => {
  const full = defaultProfileText("docker-default", "unconfined", { abi: true, tunables: true, base: true });
  expect(full).toStartWith('abi <abi/3.0>,\n#include <tunables/global>\nprofile "docker-default" ');
  expect(full).toContain("\n  #include <abstractions/base>\n");
  const bare = defaultProfileText("docker-default", "unconfined", {
    abi: false,
    tunables: false,
    base: false,
  });
  expect(bare).toStartWith("@{PROC}=/proc/\nprofile ");
  expect(bare).not.toContain("include");
});

test("the engine's own profile may send signals, once", () => {
  const parts = { abi: false, tunables: false, base: false };
  expect(defaultProfileText("x", "engine", parts)).toContain('signal (receive) peer="engine",');
  expect(defaultProfileText("x", "unconfined", parts).match(/peer="unconfined"/g)).toHaveLength(1);
});

/** AppArmor's globs in as far as the profile uses them: no star crosses a slash unless there are two. */
function globToPattern(glob: string): RegExp {
  const body = glob.replace("@{PROC}", "/proc").replace(/\*\*|\*|\?/g, (wild) => {
    if (wild === "**") return ".*";
    return wild === "*" ? "[^/]*" : "[^/]";
  });
  return new RegExp(`^${body}$`);
}

test.each([
  ["/proc/1/oom_score_adj", true],
  ["/proc/42/task/42/comm", true],
  ["/proc/sys/kernel/shmmax", true],
  ["/proc/sys/kernel/shm_rmid_forced", true],
  ["/proc/sys/kernel/hostname", false],
  ["/proc/sys/kernel/core_pattern", false],
  ["/proc/sys/vm/drop_caches", false],
  ["/proc/sysrq-trigger", false],
  ["/proc/bus/pci/devices", false],
  ["/proc/scsi/scsi", false],
  ["/proc/fs/nfsd", false],
  ["/proc/irq/default", false],
  ["/sys/kernel/uevent_helper", false],
  ["/sys/fs/bpf/x", false],
  ["/sys/fs/cgroup/memory/tasks", true],
  ["/etc/passwd", true],
])("%s may be written: %p", (path, expected) => {
  const text = defaultProfileText("x", "unconfined", { abi: false, tunables: false, base: false });
  const denied = [...text.matchAll(/^ {2}deny (\S*\/\S*) \w*w\w*,$/gm)].map(([, glob]) =>
    globToPattern(glob!),
  );
  expect(denied.length).toBeGreaterThan(10);
  expect(!denied.some((pattern) => pattern.test(path))).toBe(expected);
});

test("loaded profiles, names with blanks among them", () => {
  const text = "docker-default (enforce)\n/usr/bin/man (complain)\na name (x) (enforce)\n";
  expect([...parseLoadedProfiles(text)]).toEqual(["docker-default", "/usr/bin/man", "a name (x)"]);
});
