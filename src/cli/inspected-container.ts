import { GO_TYPE } from "../spec/go-template/values.ts";

/** Fields that docker's structs have and that are left out of JSON where they are not set, with their zero values. */
const UNSET = {
  container: {
    GraphDriver: null,
    ImageManifestDescriptor: null,
    SizeRootFs: null,
    SizeRw: null,
    Storage: null,
  },
  State: { Health: null },
  Config: {
    ArgsEscaped: false,
    ExposedPorts: null,
    Healthcheck: null,
    NetworkDisabled: false,
    OnBuild: null,
    Shell: null,
    StopSignal: "",
    StopTimeout: null,
  },
  HostConfig: { Annotations: null, Init: null, Mounts: null, StorageOpt: null, Sysctls: null, Tmpfs: null },
  NetworkSettings: {},
  mount: { Driver: "", Name: "", Source: "", Type: "" },
} as const;

const STRUCTS = ["State", "Config", "HostConfig", "NetworkSettings"] as const;

type Fields = Readonly<Record<string, unknown>>;

/**
 * A container as templates of docker's `inspect` see it: a struct, whose fields are all there whether set or not. What is
 * added shows in no JSON. Anything but a container is handed back as it is.
 */
export function inspectedContainer(object: unknown): unknown {
  if (!isFields(object) || !isFields(object["State"]) || !isFields(object["HostConfig"])) return object;
  const container: Record<string, unknown> = { ...object };
  for (const name of STRUCTS) {
    const part = container[name];
    if (isFields(part)) container[name] = asStruct(part, UNSET[name], `*container.${name}`);
  }
  const { Mounts: mounts } = container;
  if (Array.isArray(mounts))
    container["Mounts"] = mounts.map((mount) => withUnset({ ...mount }, UNSET.mount));
  return withUnset(container, UNSET.container);
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function asStruct(part: Fields, unset: Fields, goType: string): Fields {
  return Object.defineProperty(withUnset({ ...part }, unset), GO_TYPE, { value: goType });
}

function withUnset(fields: object, unset: Fields): Fields {
  for (const [name, value] of Object.entries(unset)) {
    if (!Object.hasOwn(fields, name)) Object.defineProperty(fields, name, { value });
  }
  return fields as Fields;
}
