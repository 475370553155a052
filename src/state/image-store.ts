import type { Digest } from "../base/digest.ts";
import { notFound } from "../base/errors.ts";
import type { ImageName, ImageRecord, ImageStore, RepoDigest } from "../core/images/image-store.ts";
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
    const low = `sha256:${prefix}`;
    // "g" is greater than every hexadecimal digit: the range holds exactly the ids with that prefix.
    return this.#records(
      "SELECT record FROM images WHERE id >= ? AND id < ? ORDER BY id LIMIT 2",
      low,
      `${low}g`,
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

  remove(id: Digest): void {
    this.#database.run("DELETE FROM images WHERE id = ?", id);
  }

  #records(sql: string, ...parameters: string[]): ImageRecord[] {
    return this.#database
      .all<{ record: string }>(sql, ...parameters)
      .map(({ record }) => parseFrozen(record));
  }
}

function toImageName(row: NameRow): ImageName {
  return { name: row.name, target: row.target, updatedAtMs: row.updated_at_ms };
}
