export { SqliteContainerStore } from "./container-store.ts";
export { StateDatabase } from "./database.ts";
export { SqliteImageStore } from "./image-store.ts";
export { SqliteLeaseStore } from "./lease-store.ts";
export { SqliteManagedPluginStore } from "./managed-plugin-store.ts";
export { SqliteNetworkStore } from "./network-store.ts";
export { SqliteSnapshotRows } from "./snapshot-rows.ts";
export { SqliteVolumeStore } from "./volume-store.ts";
