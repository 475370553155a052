import {
  conflict,
  type EngineError,
  invalidArgument,
  notFound,
  permissionDenied,
} from "../../base/errors.ts";

/** Texts that users and clients match on, word for word as docker has them. */

export const noSuchNetwork = (text: string): EngineError => notFound(`network ${text} not found`);

export const ambiguousNetwork = (text: string, matches: number): EngineError =>
  invalidArgument(`network ${text} is ambiguous (${matches} matches found on ID prefix)`);

export const predefinedNetwork = (name: string): EngineError =>
  permissionDenied(`${name} is a pre-defined network and cannot be removed`);

export const networkInUse = (name: string, id: string): EngineError =>
  conflict(`error while removing network: network ${name} id ${id} has active endpoints`);

export const staticAddressNeedsUserNetwork = (): EngineError =>
  invalidArgument("user specified IP address is supported on user defined networks only");

export const aliasesNeedUserNetwork = (): EngineError =>
  invalidArgument("network-scoped alias is supported only for containers in user defined networks");
