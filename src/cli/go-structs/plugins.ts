/** What a plug-in's inspection is read into. Source: the Go types of docker's API, 28.5. */
export const PLUGIN_STRUCTS = `
types.Plugin
  Config types.PluginConfig
  Enabled bool
  ID=Id string
  Name string
  PluginReference string
  Settings types.PluginSettings
types.PluginConfig
  Args types.PluginConfigArgs
  Description string
  DockerVersion string
  Documentation string
  Entrypoint []string
  Env []types.PluginEnv
  Interface types.PluginConfigInterface
  IpcHost bool
  Linux types.PluginConfigLinux
  Mounts []types.PluginMount
  Network types.PluginConfigNetwork
  PidHost bool
  PropagatedMount string
  User types.PluginConfigUser
  WorkDir string
  Rootfs=rootfs *types.PluginConfigRootfs
types.PluginSettings
  Args []string
  Devices []types.PluginDevice
  Env []string
  Mounts []types.PluginMount
types.PluginConfigArgs
  Description string
  Name string
  Settable []string
  Value []string
types.PluginEnv
  Description string
  Name string
  Settable []string
  Value *string
types.PluginConfigInterface
  ProtocolScheme string
  Socket string
  Types []string
types.PluginConfigLinux
  AllowAllDevices bool
  Capabilities []string
  Devices []types.PluginDevice
types.PluginMount
  Description string
  Destination string
  Name string
  Options []string
  Settable []string
  Source *string
  Type string
types.PluginConfigNetwork
  Type string
types.PluginConfigUser
  GID int
  UID int
types.PluginConfigRootfs
  DiffIds=diff_ids []string
  Type=type string
types.PluginDevice
  Description string
  Name string
  Path *string
  Settable []string
`;
