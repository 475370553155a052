import type { Digest } from "../base/digest.ts";
import { notFound } from "../base/errors.ts";
import type {
  ImageName,
  ImageRecord,
  ImageStore,
  ImageVariant,
  RepoDigest,
} from "../core/images/image-store.ts";
import type { StateDatabase } from "./database.ts";
import { parseFrozen } from "./frozen-json.ts";

interface NameRow {
  readonly name: string;
  readonly image_id: Digest;
  readonly target: Digest;
  readonly updated_at_ms: number;
}

/** Image records in SQLite. Lists are sorted by id or name. */
export class SqliteImageStore implements ImageStore {
  readonly #database: StateDatabase;

  constructor(database: StateDatabase) {
    this.#database = database;
  }

  put(image: ImageRecord): void {
    // Not REPLACE, which removes the row first and its names and digests with it.
    this.#database.run(
      `INSERT INTO images (id, parent, record) VALUES (?, ?, ?)
       ON CONFLICT (id) DO UPDATE SET parent = excluded.parent, record = excluded.record`,
      image.id,
      image.parent ?? null,
      JSON.stringify(image),
    );
  }

  get(id: Digest): ImageRecord | undefined {
    return this.#records("SELECT record FROM images WHERE id = ?", id)[0];
  }

  list(): ImageRecord[] {
    return this.#records("SELECT record FROM images ORDER BY id");
  }

  findByIdPrefix(prefix: string): ImageRecord[] {
    return this.#records(
      "SELECT record FROM images WHERE id >= ? AND id < ? ORDER BY id LIMIT 2",
      ...digestRange(prefix),
    );
  }

  children(id: Digest): ImageRecord[] {
    return this.#records("SELECT record FROM images WHERE parent = ? ORDER BY id", id);
  }

  setName(name: string, id: Digest, target: Digest): Digest | undefined {
    return this.#database.transaction(() => {
      const image = this.get(id);
      if (!image) throw notFound(`No such image: ${id}`);
      const before = this.resolveName(name)?.id;
      const nowMs = Date.now();
      this.put({ ...image, lastTaggedAtMs: nowMs });
      this.#database.run(
        `INSERT INTO image_names (name, image_id, target, updated_at_ms) VALUES (?, ?, ?, ?)
         ON CONFLICT (name) DO UPDATE
         SET image_id = excluded.image_id, target = excluded.target, updated_at_ms = excluded.updated_at_ms`,
        name,
        id,
        target,
        nowMs,
      );
      return before;
    });
  }

  resolveName(name: string): { readonly id: Digest; readonly target: Digest } | undefined {
    const row = this.#database.get<NameRow>("SELECT * FROM image_names WHERE name = ?", name);
    return row && { id: row.image_id, target: row.target };
  }

  namesOf(id: Digest): ImageName[] {
    const rows = this.#database.all<NameRow>(
      "SELECT * FROM image_names WHERE image_id = ? ORDER BY name",
      id,
    );
    return rows.map(toImageName);
  }

  listNames(): Array<ImageName & { readonly id: Digest }> {
    const rows = this.#database.all<NameRow>("SELECT * FROM image_names ORDER BY name");
    return rows.map((row) => ({ ...toImageName(row), id: row.image_id }));
  }

  removeName(name: string): boolean {
    return this.#database.run("DELETE FROM image_names WHERE name = ?", name) > 0;
  }

  addRepoDigest(id: Digest, { repository, digest }: RepoDigest): void {
    this.#database.transaction(() => {
      if (!this.get(id)) throw notFound(`No such image: ${id}`);
      this.#database.run(
        "INSERT OR IGNORE INTO repo_digests (repository, digest, image_id) VALUES (?, ?, ?)",
        repository,
        digest,
        id,
      );
    });
  }

  repoDigestsOf(id: Digest): RepoDigest[] {
    const rows = this.#database.all<RepoDigest>(
      "SELECT repository, digest FROM repo_digests WHERE image_id = ? ORDER BY repository, rowid",
      id,
    );
    return rows.map(({ repository, digest }) => ({ repository, digest }));
  }

  listRepoDigests(): Array<RepoDigest & { readonly id: Digest }> {
    return this.#database.all<RepoDigest & { readonly id: Digest }>(
      "SELECT repository, digest, image_id AS id FROM repo_digests ORDER BY repository, rowid",
    );
  }

  resolveRepoDigest(repository: string, digest: Digest): Digest | undefined {
    // Where an index was pulled for several platforms, its digest means the one that came last.
    const row = this.#database.get<{ image_id: Digest }>(
      "SELECT image_id FROM repo_digests WHERE repository = ? AND digest = ? ORDER BY rowid DESC LIMIT 1",
      repository,
      digest,
    );
    return row?.image_id;
  }

  removeRepoDigest(id: Digest, { repository, digest }: RepoDigest): void {
    this.#database.run(
      "DELETE FROM repo_digests WHERE image_id = ? AND repository = ? AND digest = ?",
      id,
      repository,
      digest,
    );
  }

  addVariant(target: Digest, { imageId, manifest }: ImageVariant): void {
    this.#database.transaction(() => {
      if (!this.get(imageId)) throw notFound(`No such image: ${imageId}`);
      this.#database.run(
        `INSERT INTO image_variants (target, image_id, manifest) VALUES (?, ?, ?)
         ON CONFLICT (target, image_id) DO UPDATE SET manifest = excluded.manifest`,
        target,
        imageId,
        manifest,
      );
    });
  }

  variantsOf(target: Digest): ImageVariant[] {
    const rows = this.#database.all<{ image_id: Digest; manifest: Digest }>(
      "SELECT image_id, manifest FROM image_variants WHERE target = ? ORDER BY rowid",
      target,
    );
    return rows.map(({ image_id: imageId, manifest }) => ({ imageId, manifest }));
  }

  sharedTargets(): Digest[] {
    return this.#targets("SELECT target FROM image_variants GROUP BY target HAVING count(*) > 1");
  }

  removeVariant(target: Digest, id: Digest): void {
    this.#database.run("DELETE FROM image_variants WHERE target = ? AND image_id = ?", target, id);
  }

  targetsOf(id: Digest): Digest[] {
    return this.#targets("SELECT target FROM image_variants WHERE image_id = ? ORDER BY rowid", id);
  }

  findTargetsByPrefix(prefix: string): Digest[] {
    return this.#targets(
      "SELECT DISTINCT target FROM image_variants WHERE target >= ? AND target < ? LIMIT 2",
      ...digestRange(prefix),
    );
  }

  isNamed(target: Digest): boolean {
    const row = this.#database.get(
      "SELECT 1 FROM image_names WHERE target = ? UNION ALL SELECT 1 FROM repo_digests WHERE digest = ? LIMIT 1",
      target,
      target,
    );
    return row !== undefined;
  }

  moveTarget(target: Digest, id: Digest): void {
    this.#database.transaction(() => {
      this.#database.run("UPDATE image_names SET image_id = ? WHERE target = ?", id, target);
      this.#database.run("UPDATE OR REPLACE repo_digests SET image_id = ? WHERE digest = ?", id, target);
    });
  }

  addReferrer(subject: Digest, digest: Digest): void {
    this.#database.run(
      "INSERT OR IGNORE INTO image_referrers (subject, digest) VALUES (?, ?)",
      subject,
      digest,
    );
  }

  referrersOf(subject: Digest): Digest[] {
    return this.#database
      .all<{ digest: Digest }>(
        "SELECT digest FROM image_referrers WHERE subject = ? ORDER BY digest",
        subject,
      )
      .map(({ digest }) => digest);
  }

  dropReferrers(keeps: (subject: Digest) => boolean): void {
    this.#database.transaction(() => {
      const rows = this.#database.all<{ subject: Digest }>("SELECT DISTINCT subject FROM image_referrers");
      for (const { subject } of rows) {
        if (!keeps(subject)) this.#database.run("DELETE FROM image_referrers WHERE subject = ?", subject);
      }
    });
  }

  lastUsedAtMs(id: Digest): number {
    return (
      this.#database.get<{ used_at_ms: number }>("SELECT used_at_ms FROM images WHERE id = ?", id)
        ?.used_at_ms ?? 0
    );
  }

  markUsed(id: Digest, atMs: number): void {
    this.#database.run("UPDATE images SET used_at_ms = ? WHERE id = ?", atMs, id);
  }

  remove(id: Digest): void {
    this.#database.run("DELETE FROM images WHERE id = ?", id);
  }

  #targets(sql: string, ...parameters: string[]): Digest[] {
    return this.#database.all<{ target: Digest }>(sql, ...parameters).map(({ target }) => target);
  }

  #records(sql: string, ...parameters: string[]): ImageRecord[] {
    return this.#database
      .all<{ record: string }>(sql, ...parameters)
      .map(({ record }) => parseFrozen(record));
  }
}

/** The digests with that prefix: "g" is greater than every hexadecimal digit. */
function digestRange(prefix: string): [low: string, above: string] {
  return [`sha256:${prefix}`, `sha256:${prefix}g`];
}

function toImageName(row: NameRow): ImageName {
  return { name: row.name, target: row.target, updatedAtMs: row.updated_at_ms };
}
