/** What a container's inspection is read into. Source: the Go types of docker's API, 28.5. */
export const CONTAINER_STRUCTS = `
struct{}
container.InspectResponse
  *container.ContainerJSONBase
  Mounts []container.MountPoint
  Config *container.Config
  NetworkSettings *container.NetworkSettings
  ImageManifestDescriptor *v1.Descriptor
container.ContainerJSONBase
  ID=Id string
  Created string
  Path string
  Args []string
  State *container.State
  Image string
  ResolvConfPath string
  HostnamePath string
  HostsPath string
  LogPath string
  Name string
  RestartCount int
  Driver string
  Platform string
  MountLabel string
  ProcessLabel string
  AppArmorProfile string
  ExecIDs []string
  HostConfig *container.HostConfig
  GraphDriver storage.DriverData
  SizeRw *int
  SizeRootFs *int
container.MountPoint
  Type string
  Name string
  Source string
  Destination string
  Driver string
  Mode string
  RW bool
  Propagation string
container.Config
  Hostname string
  Domainname string
  User string
  AttachStdin bool
  AttachStdout bool
  AttachStderr bool
  ExposedPorts map[]struct{}
  Tty bool
  OpenStdin bool
  StdinOnce bool
  Env []string
  Cmd []string
  Healthcheck *v1.HealthcheckConfig
  ArgsEscaped bool
  Image string
  Volumes map[]struct{}
  WorkingDir string
  Entrypoint []string
  NetworkDisabled bool
  MacAddress string
  OnBuild []string
  Labels map[]string
  StopSignal string
  StopTimeout *int
  Shell []string
container.NetworkSettings
  container.NetworkSettingsBase
  container.DefaultNetworkSettings
  Networks map[]*network.EndpointSettings
v1.Descriptor
  MediaType=mediaType string
  Digest=digest string
  Size=size int
  URLs=urls []string
  Annotations=annotations map[]string
  Data=data bytes
  Platform=platform *v1.Platform
  ArtifactType=artifactType string
container.State
  Status string
  Running bool
  Paused bool
  Restarting bool
  OOMKilled bool
  Dead bool
  Pid int
  ExitCode int
  Error string
  StartedAt string
  FinishedAt string
  Health *container.Health
container.HostConfig
  Binds []string
  ContainerIDFile string
  LogConfig container.LogConfig
  NetworkMode string
  PortBindings map[][]nat.PortBinding
  RestartPolicy container.RestartPolicy
  AutoRemove bool
  VolumeDriver string
  VolumesFrom []string
  ConsoleSize []int
  Annotations map[]string
  CapAdd []string
  CapDrop []string
  CgroupnsMode string
  DNS=Dns []string
  DNSOptions=DnsOptions []string
  DNSSearch=DnsSearch []string
  ExtraHosts []string
  GroupAdd []string
  IpcMode string
  Cgroup string
  Links []string
  OomScoreAdj int
  PidMode string
  Privileged bool
  PublishAllPorts bool
  ReadonlyRootfs bool
  SecurityOpt []string
  StorageOpt map[]string
  Tmpfs map[]string
  UTSMode string
  UsernsMode string
  ShmSize int
  Sysctls map[]string
  Runtime string
  Isolation string
  container.Resources
  Mounts []mount.Mount
  MaskedPaths []string
  ReadonlyPaths []string
  Init *bool
storage.DriverData
  Data map[]string
  Name string
v1.HealthcheckConfig
  Test []string
  Interval duration
  Timeout duration
  StartPeriod duration
  StartInterval duration
  Retries int
container.NetworkSettingsBase
  Bridge string
  SandboxID string
  SandboxKey string
  Ports map[][]nat.PortBinding
  HairpinMode bool
  LinkLocalIPv6Address string
  LinkLocalIPv6PrefixLen int
  SecondaryIPAddresses []network.Address
  SecondaryIPv6Addresses []network.Address
container.DefaultNetworkSettings
  EndpointID string
  Gateway string
  GlobalIPv6Address string
  GlobalIPv6PrefixLen int
  IPAddress string
  IPPrefixLen int
  IPv6Gateway string
  MacAddress string
network.EndpointSettings
  IPAMConfig *network.EndpointIPAMConfig
  Links []string
  Aliases []string
  MacAddress string
  DriverOpts map[]string
  GwPriority int
  NetworkID string
  EndpointID string
  Gateway string
  IPAddress string
  IPPrefixLen int
  IPv6Gateway string
  GlobalIPv6Address string
  GlobalIPv6PrefixLen int
  DNSNames []string
v1.Platform
  Architecture=architecture string
  OS=os string
  OSVersion=os.version string
  OSFeatures=os.features []string
  Variant=variant string
container.Health
  Status string
  FailingStreak int
  Log []*container.HealthcheckResult
container.LogConfig
  Type string
  Config map[]string
nat.PortBinding
  HostIP=HostIp string
  HostPort string
container.RestartPolicy
  Name string
  MaximumRetryCount int
container.Resources
  CPUShares=CpuShares int
  Memory int
  NanoCPUs=NanoCpus int
  CgroupParent string
  BlkioWeight int
  BlkioWeightDevice []*blkiodev.WeightDevice
  BlkioDeviceReadBps []*blkiodev.ThrottleDevice
  BlkioDeviceWriteBps []*blkiodev.ThrottleDevice
  BlkioDeviceReadIOps []*blkiodev.ThrottleDevice
  BlkioDeviceWriteIOps []*blkiodev.ThrottleDevice
  CPUPeriod=CpuPeriod int
  CPUQuota=CpuQuota int
  CPURealtimePeriod=CpuRealtimePeriod int
  CPURealtimeRuntime=CpuRealtimeRuntime int
  CpusetCpus string
  CpusetMems string
  Devices []container.DeviceMapping
  DeviceCgroupRules []string
  DeviceRequests []container.DeviceRequest
  KernelMemory int
  KernelMemoryTCP int
  MemoryReservation int
  MemorySwap int
  MemorySwappiness *int
  OomKillDisable *bool
  PidsLimit *int
  Ulimits []*units.Ulimit
  CPUCount=CpuCount int
  CPUPercent=CpuPercent int
  IOMaximumIOps int
  IOMaximumBandwidth int
mount.Mount
  Type string
  Source string
  Target string
  ReadOnly bool
  Consistency string
  BindOptions *mount.BindOptions
  VolumeOptions *mount.VolumeOptions
  ImageOptions *mount.ImageOptions
  TmpfsOptions *mount.TmpfsOptions
  ClusterOptions *struct{}
network.Address
  Addr string
  PrefixLen int
network.EndpointIPAMConfig
  IPv4Address string
  IPv6Address string
  LinkLocalIPs []string
container.HealthcheckResult
  Start time
  End time
  ExitCode int
  Output string
blkiodev.WeightDevice {Path}:{Weight}
  Path string
  Weight int
blkiodev.ThrottleDevice {Path}:{Rate}
  Path string
  Rate int
container.DeviceMapping
  PathOnHost string
  PathInContainer string
  CgroupPermissions string
container.DeviceRequest
  Driver string
  Count int
  DeviceIDs []string
  Capabilities [][]string
  Options map[]string
units.Ulimit {Name}={Soft}:{Hard}
  Name string
  Hard int
  Soft int
mount.BindOptions
  Propagation string
  NonRecursive bool
  CreateMountpoint bool
  ReadOnlyNonRecursive bool
  ReadOnlyForceRecursive bool
mount.VolumeOptions
  NoCopy bool
  Labels map[]string
  Subpath string
  DriverConfig *mount.Driver
mount.ImageOptions
  Subpath string
mount.TmpfsOptions
  SizeBytes int
  Mode int
  Options [][]string
mount.Driver
  Name string
  Options map[]string
`;
