/** A volume as it is stored. */
export interface VolumeRecord {
  readonly name: string;
  readonly driver: string;
  /** RFC 3339 with nanoseconds. */
  readonly createdAt: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly options: Readonly<Record<string, string>>;
  /** Nobody named it: it was made for one container. */
  readonly anonymous: boolean;
}

/** Keeps the bytes of volumes. Idempotent. */
export interface VolumeDriver {
  readonly name: string;
  readonly scope: "local" | "global";
  /** Errors: invalidArgument for options the driver does not know. */
  create(volume: VolumeRecord): Promise<void>;
  remove(volume: VolumeRecord): Promise<void>;
  /** Directory of the volume, mounted or not: what `Mountpoint` shows. */
  pathOf(volume: VolumeRecord): string;
  /** Makes the volume usable by `holder` (a container id); the directory to bind. */
  mount(volume: VolumeRecord, holder: string): Promise<string>;
  unmount(volume: VolumeRecord, holder: string): Promise<void>;
}

/** Stored volumes and who holds them. Synchronous and transactional. */
export interface VolumeStore {
  /** Errors: alreadyExists. */
  add(volume: VolumeRecord): void;
  get(name: string): VolumeRecord | undefined;
  list(): VolumeRecord[];
  remove(name: string): void;
}
