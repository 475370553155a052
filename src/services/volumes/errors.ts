import { conflict, EngineError, kindOf, messageOf, notFound } from "../../base/errors.ts";

/** Texts that users and clients match on, word for word as docker has them. */

export const noSuchVolume = (name: string): EngineError => notFound(`get ${name}: no such volume`);

export const volumeInUse = (name: string, holders: readonly string[]): EngineError =>
  conflict(`remove ${name}: volume is in use - [${holders.join(", ")}]`);

export const unknownVolumeDriver = (name: string): EngineError =>
  notFound(`error looking up volume plugin ${name}: plugin "${name}" not found`);

export const nameOfOtherDriver = (name: string, driver: string): EngineError =>
  conflict(`driver '${driver}' already has volume '${name}': volume name must be unique`);

export const nobodyKnowsWhether = (name: string, driver: string, cause: unknown): EngineError =>
  conflict(
    `found reference to volume '${name}' in driver '${driver}', but got an error while checking the driver: ${messageOf(cause)}: volume name must be unique`,
    { cause },
  );

export const usedButGone = (name: string, driver: string): EngineError =>
  conflict(
    `found references to volume '${name}' in driver '${driver}' but the volume was not found in the driver -- you may need to remove containers referencing this volume or force remove the volume to re-create it: volume name must be unique`,
  );

export const cannotBeRenamed = (name: string, driver: string): EngineError =>
  conflict(`rename ${name}: volumes of the driver ${driver} keep their names`);

export const pruneRunning = (): EngineError => conflict("a prune operation is already running");

/** What went wrong with the volume `name` during `operation`, with the kind it had. */
export const operationFailed = (operation: string, name: string, cause: unknown): EngineError =>
  new EngineError(kindOf(cause), `${operation} ${name}: ${messageOf(cause)}`, { cause });
