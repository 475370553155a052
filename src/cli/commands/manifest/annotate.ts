import { messageOf } from "../../../base/errors.ts";
import type { Platform } from "../../../spec/oci-image/platform.ts";
import type { NamedReference } from "../../../spec/reference/reference.ts";
import { defineCommand } from "../../command.ts";
import { ExitError } from "../../exit.ts";
import { string, strings } from "../../flags/types.ts";
import { manifestReference, orderPlatform } from "../../manifest/local-manifest.ts";
import { ManifestStore } from "../../manifest/manifest-store.ts";

/** Systems and architectures that docker lets into a list. */
const KNOWN_PLATFORMS: Readonly<Record<string, string>> = {
  darwin: "386 amd64 arm arm64",
  dragonfly: "amd64",
  freebsd: "386 amd64 arm",
  linux: "386 amd64 arm arm64 ppc64le mips64 mips64le riscv64 s390x",
  netbsd: "386 amd64 arm",
  openbsd: "386 amd64 arm",
  plan9: "386 amd64",
  solaris: "amd64",
  windows: "386 amd64",
};

function isKnown({ os, architecture }: Platform): boolean {
  return (KNOWN_PLATFORMS[os] ?? "").split(" ").includes(architecture);
}

function parseName(text: string, what: string): NamedReference {
  try {
    return manifestReference(text);
  } catch (error) {
    throw new ExitError(1, `annotate: error parsing name for ${what} ${text}: ${messageOf(error)}`);
  }
}

export const command = defineCommand({
  usage: "[OPTIONS] MANIFEST_LIST MANIFEST",
  args: { min: 2, max: 2 },
  flags: {
    arch: string("Set architecture"),
    os: string("Set operating system"),
    "os-features": strings("Set operating system feature"),
    "os-version": string("Set operating system version"),
    variant: string("Set architecture variant"),
  },
  run: async (cli, { flags, args }) => {
    const [listText, imageText] = args as [string, string];
    const list = parseName(listText, "manifest list");
    const name = parseName(imageText, "manifest");
    const store = new ManifestStore(cli.configDir);
    const manifest = await store.find(list, name);
    if (!manifest) throw new ExitError(1, `manifest for image ${imageText} does not exist in ${listText}`);
    const before = manifest.Descriptor.platform ?? { os: "", architecture: "" };
    const platform = orderPlatform({
      os: flags.os || before.os,
      architecture: flags.arch || before.architecture,
      "os.features": [...new Set([...(before["os.features"] ?? []), ...flags["os-features"]])],
      "os.version": flags["os-version"] || (before["os.version"] ?? ""),
      variant: flags.variant || (before.variant ?? ""),
    });
    if (!isKnown(platform)) {
      throw new ExitError(
        1,
        `manifest entry for image has unsupported os/arch combination: ${flags.os}/${flags.arch}`,
      );
    }
    await store.save(list, name, { ...manifest, Descriptor: { ...manifest.Descriptor, platform } });
    return 0;
  },
});
