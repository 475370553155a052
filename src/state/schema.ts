/**
 * The tables of `<data root>/state.db`. Records whose shape is the engine's own are kept as JSON in `record`; a column
 * beside it exists only where rows are looked up, ordered or kept unique by it.
 *
 *   containers
 *     id TEXT            64 hexadecimal digits
 *     name TEXT          without the leading slash, unique
 *     record TEXT        ContainerRecord
 *   images
 *     id TEXT            digest of the image config
 *     parent TEXT        digest of the image it was made from here, or NULL
 *     record TEXT        ImageRecord
 *     used_at_ms INTEGER when it was last pulled, loaded or run; 0 where never
 *   image_names
 *     name TEXT          full reference
 *     image_id TEXT      → images, goes with it
 *     target TEXT        digest of the manifest or index that the name was pulled, loaded or built as
 *     updated_at_ms INTEGER
 *   image_variants       (target, image_id) unique: which images a manifest or index holds
 *     target TEXT        digest of a manifest or index
 *     image_id TEXT      → images, goes with it
 *     manifest TEXT      digest of the image's manifest in that target
 *   image_referrers      (subject, digest) unique: what says something of a manifest or index, such as a signature
 *     subject TEXT       digest of the manifest or index
 *     digest TEXT        digest of the manifest that refers to it
 *   repo_digests         (repository, digest, image_id) unique
 *     repository TEXT, digest TEXT
 *     image_id TEXT      → images, goes with it
 *   networks
 *     sequence INTEGER   order of creation
 *     id TEXT, name TEXT names are not unique, as in docker
 *     record TEXT        NetworkRecord
 *   endpoints
 *     id TEXT
 *     network_id TEXT    → networks; a network with endpoints cannot be removed
 *     container_id TEXT
 *     record TEXT        EndpointRecord
 *   volumes
 *     name TEXT
 *     record TEXT        VolumeRecord
 *   plugins
 *     id TEXT, name TEXT names are unique
 *     record TEXT        ManagedPluginRecord
 *   leases
 *     id TEXT, purpose TEXT, created_at_ms INTEGER
 *   lease_resources      (lease_id, kind, key) unique
 *     lease_id TEXT      → leases, goes with it
 *     kind TEXT, key TEXT
 *   snapshots            (driver, key) unique
 *     directory INTEGER  name of the snapshot's directory; never given out twice, so that a directory that a crash
 *                        left behind is never taken for a new snapshot's
 *     driver TEXT, key TEXT
 *     kind TEXT          active, view, committed
 *     parent INTEGER     → snapshots.directory, or NULL; a snapshot with children cannot be removed
 *     phase TEXT         making, ready, removing
 *     created_at_ms INTEGER
 *     size_bytes INTEGER, inodes INTEGER   usage once it was counted, or NULL
 *
 * Each entry of the list takes the schema from version (index) to version (index + 1), in one transaction with the
 * change of `user_version`. Entries are never edited once released: a change of the schema is a new entry.
 */
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE containers (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    record TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE images (
    id TEXT NOT NULL PRIMARY KEY,
    parent TEXT,
    record TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX images_by_parent ON images (parent) WHERE parent IS NOT NULL;

  CREATE TABLE image_names (
    name TEXT NOT NULL PRIMARY KEY,
    image_id TEXT NOT NULL REFERENCES images (id) ON DELETE CASCADE,
    target TEXT NOT NULL,
    updated_at_ms INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX image_names_by_image ON image_names (image_id);

  CREATE TABLE repo_digests (
    repository TEXT NOT NULL,
    digest TEXT NOT NULL,
    image_id TEXT NOT NULL REFERENCES images (id) ON DELETE CASCADE,
    UNIQUE (repository, digest, image_id)
  ) STRICT;
  CREATE INDEX repo_digests_by_image ON repo_digests (image_id);

  CREATE TABLE networks (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    record TEXT NOT NULL
  ) STRICT;
  CREATE INDEX networks_by_name ON networks (name);

  CREATE TABLE endpoints (
    id TEXT NOT NULL PRIMARY KEY,
    network_id TEXT NOT NULL REFERENCES networks (id) ON DELETE RESTRICT,
    container_id TEXT NOT NULL,
    record TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX endpoints_by_network ON endpoints (network_id);
  CREATE INDEX endpoints_by_container ON endpoints (container_id);

  CREATE TABLE volumes (
    name TEXT NOT NULL PRIMARY KEY,
    record TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE leases (
    id TEXT NOT NULL PRIMARY KEY,
    purpose TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE lease_resources (
    lease_id TEXT NOT NULL REFERENCES leases (id) ON DELETE CASCADE,
    kind TEXT NOT NULL CHECK (kind IN ('content', 'ingest', 'snapshot')),
    key TEXT NOT NULL,
    PRIMARY KEY (lease_id, kind, key)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE snapshots (
    directory INTEGER PRIMARY KEY AUTOINCREMENT,
    driver TEXT NOT NULL,
    key TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('active', 'view', 'committed')),
    parent INTEGER REFERENCES snapshots (directory) ON DELETE RESTRICT,
    phase TEXT NOT NULL CHECK (phase IN ('making', 'ready', 'removing')),
    created_at_ms INTEGER NOT NULL,
    size_bytes INTEGER,
    inodes INTEGER,
    UNIQUE (driver, key)
  ) STRICT;
  CREATE INDEX snapshots_by_parent ON snapshots (parent) WHERE parent IS NOT NULL;
  `,
  `
  ALTER TABLE images ADD COLUMN used_at_ms INTEGER NOT NULL DEFAULT 0;
  UPDATE images SET record = json_set(record, '$.contentBytes', 0);

  CREATE TABLE image_variants (
    target TEXT NOT NULL,
    image_id TEXT NOT NULL REFERENCES images (id) ON DELETE CASCADE,
    manifest TEXT NOT NULL,
    UNIQUE (target, image_id)
  ) STRICT;
  CREATE INDEX image_variants_by_image ON image_variants (image_id);
  CREATE INDEX image_names_by_target ON image_names (target);
  CREATE INDEX repo_digests_by_digest ON repo_digests (digest);

  INSERT OR IGNORE INTO image_variants (target, image_id, manifest)
    SELECT found.target, found.image_id, json_extract(images.record, '$.manifest')
    FROM (
      SELECT target, image_id FROM image_names
      UNION SELECT digest, image_id FROM repo_digests
      UNION SELECT json_extract(record, '$.manifest'), id FROM images
    ) AS found
    JOIN images ON images.id = found.image_id;
  `,
  `
  CREATE TABLE plugins (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    record TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  `,
  `
  CREATE TABLE image_referrers (
    subject TEXT NOT NULL,
    digest TEXT NOT NULL,
    PRIMARY KEY (subject, digest)
  ) STRICT, WITHOUT ROWID;
  `,
];
