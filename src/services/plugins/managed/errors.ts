import { conflict, type EngineError, internal, invalidArgument, notFound } from "../../../base/errors.ts";

/** Texts that users and clients match on, word for word as docker has them. */

export const noSuchPlugin = (name: string): EngineError =>
  notFound(`plugin ${JSON.stringify(name)} not found`);

export const ambiguousPlugin = (name: string): EngineError =>
  invalidArgument(`multiple plugins found for ${JSON.stringify(name)}`);

export const pluginDisabled = (name: string, during = ""): EngineError =>
  conflict(`${during}plugin ${name} found but disabled`);

export const pluginEnabled = (name: string, during = ""): EngineError =>
  conflict(`${during}plugin ${name} is enabled`);

export const pluginInUse = (name: string): EngineError => conflict(`plugin ${name} is in use`);

export const pluginExists = (name: string): EngineError => conflict(`plugin ${name} already exists`);

export const lacksCapability = (capability: string): EngineError =>
  internal(`plugin does not provide ${JSON.stringify(capability)} capability`);

export const wrongPrivileges = (): EngineError => internal("incorrect privileges");

export const settingActivePlugin = (): EngineError =>
  internal("cannot set on an active plugin, disable plugin before setting");
