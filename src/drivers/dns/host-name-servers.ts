import { readFile, stat } from "node:fs/promises";
import { isIP } from "node:net";

const CHECK_INTERVAL_MS = 1_000;

/** The host's own name servers, as resolv.conf(5) has them: a changed file counts within a second. */
export class HostNameServers {
  readonly #path: string;
  #servers: readonly string[] = [];
  #version = "";
  #checkedAtMs = Number.NEGATIVE_INFINITY;

  constructor(path = "/etc/resolv.conf") {
    this.#path = path;
  }

  async list(): Promise<readonly string[]> {
    const nowMs = performance.now();
    if (nowMs - this.#checkedAtMs < CHECK_INTERVAL_MS) return this.#servers;
    this.#checkedAtMs = nowMs;
    try {
      const { mtimeNs, ino, size } = await stat(this.#path, { bigint: true });
      const version = `${mtimeNs} ${ino} ${size}`;
      if (version === this.#version) return this.#servers;
      this.#servers = nameServersOf(await readFile(this.#path, "utf8"));
      this.#version = version;
    } catch {
      // A host without the file has no name servers; questions for foreign names fail, and that is the answer.
      this.#servers = [];
      this.#version = "";
    }
    return this.#servers;
  }
}

function nameServersOf(text: string): string[] {
  return text.split("\n").flatMap((line) => {
    const [keyword, address = ""] = line.trim().split(/\s+/);
    return keyword === "nameserver" && isIP(address.split("%")[0]!) !== 0 ? [address] : [];
  });
}
