import { internal } from "../../../base/errors.ts";
import type { PluginConfig, PluginSettings } from "../../../spec/engine-api/mod.ts";

/** Settings of a plug-in that nobody has changed. */
export function initialSettings(config: PluginConfig): PluginSettings {
  return {
    Args: [...(config.Args.Value ?? [])],
    Devices: [...(config.Linux.Devices ?? [])],
    Env: (config.Env ?? []).flatMap(({ Name, Value }) => (Value === null ? [] : [`${Name}=${Value}`])),
    Mounts: [...(config.Mounts ?? [])],
  };
}

interface Assignment {
  readonly name: string;
  readonly field: string;
  readonly value: string;
}

/**
 * The settings after `name[.field][=value]` for each of `texts`. Errors: internal with docker's texts, for what is not in
 * the config or not settable. Source: moby, plugin/v2, Set.
 */
export function changeSettings(
  config: PluginConfig,
  settings: PluginSettings,
  texts: readonly string[],
): PluginSettings {
  return texts.map(parseAssignment).reduce((before, each) => changeOne(config, before, each), settings);
}

function parseAssignment(text: string): Assignment {
  const equals = text.indexOf("=");
  if (equals === 0) throw internal("invalid format, must be <name>[.<field>][=<value>]");
  const target = equals < 0 ? text : text.slice(0, equals);
  const value = equals < 0 ? "" : text.slice(equals + 1);
  const dot = target.lastIndexOf(".");
  if (dot <= 0) return { name: target, field: "", value };
  return { name: target.slice(0, dot), field: target.slice(dot + 1), value };
}

function changeOne(config: PluginConfig, settings: PluginSettings, each: Assignment): PluginSettings {
  const { name, value } = each;
  const env = config.Env?.find((known) => known.Name === name);
  if (env) {
    checkSettable(each, "value", env.Settable);
    const others = settings.Env.filter((entry) => entry.split("=", 1)[0] !== name);
    return { ...settings, Env: [...others, `${name}=${value}`] };
  }
  const mount = config.Mounts?.find((known) => known.Name === name);
  if (mount) {
    checkSettable(each, "source", mount.Settable);
    if (mount.Source === null) throw internal("Plugin config has no mount source");
    const changed = settings.Mounts.map((known) =>
      known.Name === name ? { ...known, Source: value } : known,
    );
    return { ...settings, Mounts: changed };
  }
  const device = config.Linux.Devices?.find((known) => known.Name === name);
  if (device) {
    checkSettable(each, "path", device.Settable);
    if (device.Path === null) throw internal("Plugin config has no device path");
    const changed = settings.Devices.map((known) =>
      known.Name === name ? { ...known, Path: value } : known,
    );
    return { ...settings, Devices: changed };
  }
  if (config.Args.Name === name) {
    checkSettable(each, "value", config.Args.Settable);
    return { ...settings, Args: value.split(" ") };
  }
  throw internal(`setting ${JSON.stringify(name)} not found in the plugin configuration`);
}

/** A field that is not named is the only one that can be set. */
function checkSettable({ name, field }: Assignment, only: string, settable: readonly string[] | null): void {
  const fields = settable ?? [];
  if (field === "" && fields.length > 1) {
    throw internal("multiple fields are settable, one must be specified");
  }
  const meant = field || (fields[0] ?? "");
  if (meant === only && fields.includes(meant)) return;
  throw internal(`${JSON.stringify(meant === "" ? name : `${name}.${meant}`)} is not settable`);
}
