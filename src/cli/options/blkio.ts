import { parseBinarySize } from "../../base/bytes.ts";
import type { ThrottleDevice, WeightDevice } from "../../spec/engine-api/mod.ts";

function split(text: string): [path: string, value: string] {
  const colon = text.indexOf(":");
  if (colon < 0) throw new Error(`bad format: ${text}`);
  const path = text.slice(0, colon);
  if (!path.startsWith("/dev/")) throw new Error(`bad format for device path: ${text}`);
  return [path, text.slice(colon + 1)];
}

/** A value of `--blkio-weight-device`: `path:weight`. */
export function parseWeightDevice(text: string): WeightDevice {
  const [path, value] = split(text);
  const weight = /^\d+$/.test(value) ? Number(value) : Number.NaN;
  if (Number.isNaN(weight) || weight > 1000 || (weight !== 0 && weight < 10))
    throw new Error(`invalid weight for device: ${text}`);
  return { Path: path, Weight: weight };
}

/** A value of `--device-read-bps` and `--device-write-bps`: `path:size`. */
export function parseBpsDevice(text: string): ThrottleDevice {
  const [path, value] = split(text);
  try {
    return { Path: path, Rate: parseBinarySize(value) };
  } catch {
    // docker's message says what is right, not what is wrong.
    throw new Error(
      `invalid rate for device: ${text}. The correct format is <device-path>:<number>[<unit>]. Number must be a positive integer. Unit is optional and can be kb, mb, or gb`,
    );
  }
}

/** A value of `--device-read-iops` and `--device-write-iops`: `path:number`. */
export function parseIopsDevice(text: string): ThrottleDevice {
  const [path, value] = split(text);
  if (!/^\d+$/.test(value))
    throw new Error(
      `invalid rate for device: ${text}. The correct format is <device-path>:<number>. Number must be a positive integer`,
    );
  return { Path: path, Rate: Number(value) };
}
