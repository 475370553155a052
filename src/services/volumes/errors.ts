import { conflict, type EngineError, invalidArgument, notFound } from "../../base/errors.ts";

/** Texts that users and clients match on, word for word as docker has them. */

export const noSuchVolume = (name: string): EngineError => notFound(`get ${name}: no such volume`);

export const volumeInUse = (name: string, holders: readonly string[]): EngineError =>
  conflict(`remove ${name}: volume is in use - [${holders.join(", ")}]`);

export const invalidVolumeName = (name: string): EngineError =>
  invalidArgument(
    `create ${name}: "${name}" includes invalid characters for a local volume name, only "[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed. ` +
      "If you intended to pass a host directory, use absolute path",
  );

export const volumeNameTooShort = (): EngineError =>
  invalidArgument("volume name is too short, names should be at least two alphanumeric characters");

export const unknownVolumeDriver = (name: string): EngineError =>
  notFound(`error looking up volume plugin ${name}: plugin "${name}" not found`);

export const otherDriver = (name: string): EngineError =>
  conflict(`create ${name}: conflict: volume name must be unique`);
