/** Shapes of managed plug-ins. Source: Engine API, "Plugin". */

interface PluginSettable {
  Name: string;
  Description: string;
  Settable: string[] | null;
}

export interface PluginMount extends PluginSettable {
  Source: string | null;
  Destination: string;
  Type: string;
  Options: string[] | null;
}

export interface PluginDevice extends PluginSettable {
  Path: string | null;
}

export interface PluginEnv extends PluginSettable {
  Value: string | null;
}

export interface PluginArgs extends PluginSettable {
  Value: string[] | null;
}

export interface PluginConfig {
  Args: PluginArgs;
  Description: string;
  Documentation: string;
  Entrypoint: string[] | null;
  Env: PluginEnv[] | null;
  Interface: {
    ProtocolScheme?: string;
    Socket: string;
    /** `docker.volumedriver/1.0` */
    Types: string[] | null;
  };
  IpcHost: boolean;
  Linux: {
    AllowAllDevices: boolean;
    Capabilities: string[] | null;
    Devices: PluginDevice[] | null;
  };
  Mounts: PluginMount[] | null;
  Network: { Type: string };
  PidHost: boolean;
  PropagatedMount: string;
  User: { UID?: number; GID?: number };
  WorkDir: string;
  rootfs?: { type?: string; diff_ids: string[] | null };
}

export interface PluginSettings {
  Args: string[];
  Devices: PluginDevice[];
  Env: string[];
  Mounts: PluginMount[];
}

export interface Plugin {
  Config: PluginConfig;
  Enabled: boolean;
  Id: string;
  Name: string;
  PluginReference?: string;
  Settings: PluginSettings;
}

/** Something that a plug-in may do only when its user agreed. */
export interface PluginPrivilege {
  Name: string;
  Description: string;
  Value: string[];
}
