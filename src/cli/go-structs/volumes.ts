/** What a volume's inspection is read into. Source: the Go types of docker's API, 28.5. */
export const VOLUME_STRUCTS = `
volume.Volume
  ClusterVolume *any
  CreatedAt string
  Driver string
  Labels map[]string
  Mountpoint string
  Name string
  Options map[]string
  Scope string
  Status map[]any
  UsageData *volume.UsageData
volume.UsageData
  RefCount int
  Size int
`;
