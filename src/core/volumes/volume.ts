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
  /** What it was called before, until its bytes have gone over to its name. */
  readonly renamedFrom?: string;
}

/** A volume as its driver tells of it. */
export interface DriverVolume {
  readonly name: string;
  /** Directory of the volume; empty where there is none while nobody has it mounted. */
  readonly mountpoint: string;
  /** RFC 3339; undefined where the driver does not know. */
  readonly createdAt?: string;
  /** Whatever the driver wants to show. */
  readonly status?: Readonly<Record<string, unknown>>;
}

/** What a driver found when the engine started. */
export interface VolumeSweep {
  readonly found: readonly DriverVolume[];
  readonly lost: readonly string[];
}

/** Keeps the bytes of volumes. Idempotent. */
export interface VolumeDriver {
  readonly name: string;
  readonly scope: "local" | "global";
  /** Errors: invalidArgument for a name or options that the driver does not take. */
  create(volume: VolumeRecord): Promise<void>;
  remove(volume: VolumeRecord): Promise<void>;
  /**
   * The bytes that the volume `from` had are those of `to`; nobody has it mounted. Only where volumes can be renamed.
   * Errors: invalidArgument for a name that the driver does not take.
   */
  rename?(from: string, to: string): Promise<void>;
  /** Directory of the volume, mounted or not, as far as it is known: what `Mountpoint` shows. */
  pathOf(volume: Pick<VolumeRecord, "name">): string;
  /** Makes the volume usable by `holder` (a container id); the directory to bind. */
  mount(volume: VolumeRecord, holder: string): Promise<string>;
  /**
   * The volume, where it is empty and mounted for one holder alone, has what `put` puts into the directory that it is given;
   * after a crash or an error meanwhile it has nothing of it. For a volume that others have too, `put` works in place.
   * Only where the engine itself has the bytes.
   */
  fill?(volume: VolumeRecord, put: (directory: string) => Promise<void>): Promise<void>;
  /** Takes back what `mount` gave to `holder`; true where it had something. */
  unmount(volume: VolumeRecord, holder: string): Promise<boolean>;
  /** After a restart of the engine: exactly these holders have the volume; what was mounted for others is not any more. */
  restore(volume: VolumeRecord, holders: ReadonlySet<string>): Promise<void>;
  /**
   * What a crash left of volumes that no record names is gone, now or soon; directories that `stored` volumes have lost are
   * there again, empty. The result: volumes that are there although no record names them, for somebody put them there, and
   * the names of those that had lost their directory. Before anything is mounted. Only where the engine itself has the bytes.
   */
  sweep?(stored: readonly VolumeRecord[]): Promise<VolumeSweep>;
  /** The volume of that name as the driver has it now; undefined where it has none. Only where others may change volumes too. */
  find?(name: string, options?: FindOptions): Promise<DriverVolume | undefined>;
  /** All volumes that the driver has. Only where others may change volumes too. */
  list?(): Promise<DriverVolume[]>;
}

export interface FindOptions {
  /** Whether anybody can be kept from something else by the question: one who does not answer at once is left out. */
  readonly impatient?: boolean;
}

/** Volume drivers by name, those of plug-ins among them. */
export interface VolumeDrivers {
  /** A driver that is in use already; undefined where nobody has asked for it yet. */
  known(name: string): VolumeDriver | undefined;
  /** The driver of a volume that is stored; that of a plug-in whether or not anyone answers by that name now. */
  stored(name: string): VolumeDriver;
  /** The driver, its plug-in activated. Errors: notFound with docker's text. */
  find(name: string): Promise<VolumeDriver>;
  /** Names of the engine's own drivers. */
  names(): readonly string[];
  /** Every driver that answers. */
  all(): Promise<readonly VolumeDriver[]>;
}

/** Stored volumes and who holds them. Synchronous and transactional. */
export interface VolumeStore {
  /** Errors: alreadyExists. */
  add(volume: VolumeRecord): void;
  get(name: string): VolumeRecord | undefined;
  list(): VolumeRecord[];
  /** The volume `name` is stored as `volume`, whatever that is called. Errors: alreadyExists. */
  replace(name: string, volume: VolumeRecord): void;
  remove(name: string): void;
}
