/** What a network's inspection is read into. Source: the Go types of docker's API, 28.5. */
export const NETWORK_STRUCTS = `
network.Inspect
  Name string
  ID=Id string
  Created time
  Scope string
  Driver string
  EnableIPv4 bool
  EnableIPv6 bool
  IPAM network.IPAM
  Internal bool
  Attachable bool
  Ingress bool
  ConfigFrom network.ConfigReference
  ConfigOnly bool
  Containers map[]network.EndpointResource
  Options map[]string
  Labels map[]string
  Peers []network.PeerInfo
  Services map[]network.ServiceInfo
network.IPAM
  Driver string
  Options map[]string
  Config []network.IPAMConfig
network.ConfigReference
  Network string
network.EndpointResource
  Name string
  EndpointID string
  MacAddress string
  IPv4Address string
  IPv6Address string
network.PeerInfo
  Name string
  IP string
network.ServiceInfo
  VIP string
  Ports []string
  LocalLBIndex int
  Tasks []network.Task
network.IPAMConfig
  Subnet string
  IPRange string
  Gateway string
  AuxAddress=AuxiliaryAddresses map[]string
network.Task
  Name string
  EndpointID string
  EndpointIP string
  Info map[]string
`;
