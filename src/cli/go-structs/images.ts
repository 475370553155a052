/** What an image's inspection is read into, beside what containers have too. Source: the Go types of docker's API, 28.5. */
export const IMAGE_STRUCTS = `
image.InspectResponse
  ID=Id string
  RepoTags []string
  RepoDigests []string
  Parent string
  Comment string
  Created string
  Container string
  ContainerConfig *container.Config
  DockerVersion string
  Author string
  Config *v1.DockerOCIImageConfig
  Architecture string
  Variant string
  Os string
  OsVersion string
  Size int
  VirtualSize int
  GraphDriver storage.DriverData
  RootFS image.RootFS
  Metadata image.Metadata
  Descriptor *v1.Descriptor
  Manifests []image.ManifestSummary
v1.DockerOCIImageConfig
  v1.ImageConfig
  v1.DockerOCIImageConfigExt
image.RootFS
  Type string
  Layers []string
image.Metadata
  LastTagTime time
image.ManifestSummary
  ID string
  Descriptor v1.Descriptor
  Available bool
  Size image.ManifestSize
  Kind string
  ImageData *image.ImageProperties
  AttestationData *image.AttestationProperties
v1.ImageConfig
  User string
  ExposedPorts map[]struct{}
  Env []string
  Entrypoint []string
  Cmd []string
  Volumes map[]struct{}
  WorkingDir string
  Labels map[]string
  StopSignal string
  ArgsEscaped bool
v1.DockerOCIImageConfigExt
  Healthcheck *v1.HealthcheckConfig
  OnBuild []string
  Shell []string
image.ManifestSize
  Content int
  Total int
image.ImageProperties
  Platform v1.Platform
  Size image.UnpackedSize
  Containers []string
image.AttestationProperties
  For string
image.UnpackedSize
  Unpacked int
`;
