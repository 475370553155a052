import { invalidArgument } from "../../base/errors.ts";
import { CDI_HOOK_NAMES, CDI_VERSIONS, type CdiDocument, type CdiEdits } from "./cdi-document.ts";
import { isDeviceName, parseKind } from "./device-name.ts";

type Check = (value: unknown, where: string) => void;
interface Field {
  readonly check: Check;
  readonly required?: boolean;
}
type Fields = Readonly<Record<string, Field>>;

function refuse(text: string): never {
  throw invalidArgument(text);
}

const text: Check = (value, where) => {
  if (typeof value !== "string") refuse(`${where}: not a text`);
};

const integer: Check = (value, where) => {
  if (!Number.isSafeInteger(value)) refuse(`${where}: not a whole number`);
};

const anything: Check = () => {};

const filled: Check = (value, where) => {
  if (typeof value !== "string" || value === "") refuse(`${where}: empty`);
};

const oneOf =
  (values: readonly string[]): Check =>
  (value, where) => {
    if (typeof value !== "string" || !values.includes(value)) {
      refuse(`${where}: invalid value ${JSON.stringify(value)}`);
    }
  };

const matching =
  (pattern: RegExp, what: string): Check =>
  (value, where) => {
    if (typeof value !== "string" || !pattern.test(value))
      refuse(`${where}: ${what} ${JSON.stringify(value)}`);
  };

const listOf =
  (check: Check): Check =>
  (value, where) => {
    if (!Array.isArray(value)) refuse(`${where}: not a list`);
    for (const [index, item] of value.entries()) check(item, `${where}[${index}]`);
  };

/** An object with those fields and no others, as the specification's strict readers have it. */
const objectOf =
  (fields: Fields): Check =>
  (value, where) => {
    if (typeof value !== "object" || value === null || Array.isArray(value))
      refuse(`${where}: not an object`);
    const entries = value as Record<string, unknown>;
    for (const key of Object.keys(entries)) {
      if (!Object.hasOwn(fields, key)) refuse(`${where}: unknown field ${JSON.stringify(key)}`);
    }
    for (const [key, { check, required }] of Object.entries(fields)) {
      if (entries[key] !== undefined && entries[key] !== null) check(entries[key], `${where}.${key}`);
      else if (required) refuse(`${where}: no ${key}`);
    }
  };

const mapOfTexts: Check = (value, where) => {
  if (typeof value !== "object" || value === null) refuse(`${where}: not an object`);
  for (const [key, item] of Object.entries(value)) text(item, `${where}.${key}`);
};

const variables = listOf(matching(/^[^=]+=/, "invalid environment variable"));

const edits = objectOf({
  env: { check: variables },
  deviceNodes: {
    check: listOf(
      objectOf({
        path: { check: filled, required: true },
        hostPath: { check: text },
        type: { check: oneOf(["", "b", "c", "u", "p"]) },
        major: { check: integer },
        minor: { check: integer },
        fileMode: { check: integer },
        permissions: { check: matching(/^[rwm]*$/, "invalid permissions") },
        uid: { check: integer },
        gid: { check: integer },
      }),
    ),
  },
  netDevices: { check: listOf(anything) },
  hooks: {
    check: listOf(
      objectOf({
        hookName: { check: oneOf(CDI_HOOK_NAMES), required: true },
        path: { check: filled, required: true },
        args: { check: listOf(text) },
        env: { check: variables },
        timeout: { check: integer },
      }),
    ),
  },
  mounts: {
    check: listOf(
      objectOf({
        hostPath: { check: filled, required: true },
        containerPath: { check: filled, required: true },
        options: { check: listOf(text) },
        type: { check: text },
      }),
    ),
  },
  intelRdt: { check: anything },
  additionalGids: { check: listOf(integer) },
});

const document = objectOf({
  cdiVersion: { check: oneOf(CDI_VERSIONS), required: true },
  kind: {
    check: (value, where) => {
      if (typeof value !== "string" || !parseKind(value))
        refuse(`${where}: invalid ${JSON.stringify(value)}`);
    },
    required: true,
  },
  annotations: { check: mapOfTexts },
  devices: {
    check: listOf(
      objectOf({
        name: {
          check: (value, where) => {
            if (typeof value !== "string" || !isDeviceName(value))
              refuse(`${where}: invalid ${JSON.stringify(value)}`);
          },
          required: true,
        },
        annotations: { check: mapOfTexts },
        containerEdits: { check: edits, required: true },
      }),
    ),
    required: true,
  },
  containerEdits: { check: edits },
});

/** A document's value, as JSON or YAML gave it, checked as strictly as the specification asks. Errors: invalidArgument. */
export function parseCdiDocument(value: unknown): CdiDocument {
  document(value, "specification");
  const { containerEdits = {}, ...rest } = value as Omit<CdiDocument, "containerEdits"> & {
    containerEdits?: CdiEdits;
  };
  const names = new Set<string>();
  for (const { name, containerEdits: own } of rest.devices) {
    if (names.has(name)) refuse(`invalid spec, multiple device ${JSON.stringify(name)}`);
    if (Object.keys(own).length === 0) refuse(`invalid device ${JSON.stringify(name)}, empty device edits`);
    names.add(name);
  }
  return { ...rest, containerEdits };
}
