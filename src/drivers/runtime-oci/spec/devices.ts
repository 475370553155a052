import { join } from "node:path";
import { invalidArgument, isKind } from "../../../base/errors.ts";
import type { DeviceMapping } from "../../../spec/engine-api/mod.ts";
import type { DeviceRule, LinuxDevice } from "../../../spec/oci-runtime/mod.ts";
import type { RuntimeSpecInput } from "./input.ts";

/** Devices that programs take for granted, and fuse. Source: OCI runtime-spec v1.1, "Default Devices"; docker's defaults. */
const DEFAULT_DEVICES: ReadonlyArray<readonly [major: number, minor: number]> = [
  [1, 5],
  [1, 3],
  [1, 9],
  [1, 8],
  [5, 0],
  [5, 1],
];
const FUSE: readonly [number, number] = [10, 229];
const ALL_ACCESS = "rwm";

function defaultRules(): DeviceRule[] {
  return [
    { allow: false, access: ALL_ACCESS },
    ...DEFAULT_DEVICES.map(
      ([major, minor]): DeviceRule => ({ allow: true, type: "c", major, minor, access: ALL_ACCESS }),
    ),
    { allow: false, type: "c", major: FUSE[0], minor: FUSE[1], access: ALL_ACCESS },
  ];
}

/** A rule as `--device-cgroup-rule` spells it: `c 42:* rmw`. */
function parseRule(text: string): DeviceRule {
  const match = /^([acb]) ([0-9]+|\*):([0-9]+|\*) ([rwm]{1,3})$/.exec(text);
  if (!match) throw invalidArgument(`invalid device cgroup rule format: '${text}'`);
  const [, type, major, minor, access] = match;
  return {
    allow: true,
    type: type as "a" | "c" | "b",
    ...(major === "*" ? {} : { major: Number(major) }),
    ...(minor === "*" ? {} : { minor: Number(minor) }),
    access: access!,
  };
}

function allowing(device: LinuxDevice, access: string): DeviceRule {
  const type = device.type === "b" ? "b" : "c";
  return { allow: true, type, major: device.major!, minor: device.minor!, access };
}

function mapDevice(mapping: DeviceMapping, devicesAt: RuntimeSpecInput["devicesAt"]): LinuxDevice[] {
  const inside = mapping.PathInContainer || mapping.PathOnHost;
  try {
    return devicesAt(mapping.PathOnHost).map((device) => ({
      ...device,
      // Absolute and without `..`: crun (1.8) follows a path that is neither out of the container.
      path: join("/", inside + device.path.slice(mapping.PathOnHost.length)),
    }));
  } catch (error) {
    if (!isKind(error, "notFound")) throw error;
    throw invalidArgument(
      `error gathering device information while adding custom device ${JSON.stringify(mapping.PathOnHost)}: ${error.message}`,
      { cause: error },
    );
  }
}

/** The device nodes of a container and the rules for those it may use. Errors: invalidArgument. */
export function buildDevices(input: RuntimeSpecInput): { devices: LinuxDevice[]; rules: DeviceRule[] } {
  const { hostConfig, devicesAt } = input;
  const mappings = hostConfig.Devices ?? [];
  if (hostConfig.Privileged) {
    const moved = mappings
      .filter((mapping) => mapping.PathInContainer && mapping.PathInContainer !== mapping.PathOnHost)
      .flatMap((mapping) => mapDevice(mapping, devicesAt));
    return { devices: [...devicesAt("/dev"), ...moved], rules: [{ allow: true, access: ALL_ACCESS }] };
  }
  const devices: LinuxDevice[] = [];
  const rules = defaultRules();
  for (const mapping of mappings) {
    const access = mapping.CgroupPermissions || ALL_ACCESS;
    for (const device of mapDevice(mapping, devicesAt)) {
      devices.push(device);
      rules.push(allowing(device, access));
    }
  }
  rules.push(...(hostConfig.DeviceCgroupRules ?? []).map(parseRule));
  return { devices, rules };
}
