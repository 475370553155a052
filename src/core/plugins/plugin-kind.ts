/** What a plug-in can be to an engine, by the names of protocol version 1. Source: docker's "Docker Plugin API". */
export type PluginKind = "VolumeDriver" | "NetworkDriver" | "IpamDriver" | "authz" | "LogDriver";
