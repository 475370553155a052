/** A device's name in full: `vendor.example/class=name`. */
export interface CdiDeviceName {
  readonly vendor: string;
  readonly class: string;
  readonly device: string;
}

const VENDOR = /^[A-Za-z](?:[A-Za-z0-9_.-]*[A-Za-z0-9])?$/;
const CLASS = /^[A-Za-z](?:[A-Za-z0-9_-]*[A-Za-z0-9])?$/;
const DEVICE = /^[A-Za-z0-9](?:[A-Za-z0-9_.:-]*[A-Za-z0-9])?$/;

/** Vendor and class of a kind; undefined for a text that is none. Source: CDI specification, "Kind". */
export function parseKind(text: string): { readonly vendor: string; readonly class: string } | undefined {
  const [vendor = "", className = "", ...rest] = text.split("/");
  if (rest.length > 0 || !VENDOR.test(vendor) || !CLASS.test(className)) return undefined;
  return { vendor, class: className };
}

/** Whether a specification may call a device so. */
export function isDeviceName(text: string): boolean {
  return DEVICE.test(text);
}

/** The parts of a full name; undefined for a text that is none. Source: CDI specification, "Device names". */
export function parseDeviceName(text: string): CdiDeviceName | undefined {
  const equals = text.indexOf("=");
  if (equals < 0) return undefined;
  const kind = parseKind(text.slice(0, equals));
  const device = text.slice(equals + 1);
  return kind && isDeviceName(device) ? { ...kind, device } : undefined;
}
