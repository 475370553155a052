import { invalidArgument } from "../../base/errors.ts";

/** Takes the value of one storage option of a daemon. Errors: invalidArgument. */
export type DriverOptionReader = (value: string) => void;

/**
 * Reads `--storage-opt` of a daemon. `refusal` tells of a key that no reader is for.
 * Errors: invalidArgument with docker's texts; those of the readers.
 */
export function readDriverOptions(
  options: readonly string[],
  readers: Readonly<Record<string, DriverOptionReader>>,
  refusal: (key: string) => string,
): void {
  for (const option of options) {
    const equals = option.indexOf("=");
    if (equals < 0) throw invalidArgument(`unable to parse storage-opt key/value: ${option}`);
    const key = option.slice(0, equals).trim().toLowerCase();
    if (!Object.hasOwn(readers, key)) throw invalidArgument(refusal(key));
    readers[key]!(option.slice(equals + 1).trim());
  }
}
