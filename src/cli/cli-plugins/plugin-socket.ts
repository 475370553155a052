import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A socket that a plug-in keeps a connection to: when it ends, the plug-in shall end too. */
export interface PluginSocket extends Disposable {
  readonly path: string;
  /** Tells the plug-in. May be called again. */
  close(): void;
}

/** Opens such a socket in a folder of its own, which the end of the result removes. Source: docker's `cli-plugins/socket`. */
export async function openPluginSocket(): Promise<PluginSocket> {
  const folder = mkdtempSync(join(tmpdir(), "docker_cli_"));
  const path = join(folder, "socket");
  const connections = new Set<Socket>();
  const server = createServer((connection) => {
    connections.add(connection);
    // A plug-in that ends in the middle of things is told of by its exit code.
    connection.on("error", () => {});
    connection.on("close", () => connections.delete(connection));
  });
  server.listen(path);
  await once(server, "listening");
  const close = () => {
    server.close();
    for (const connection of connections) connection.destroy();
  };
  return {
    path,
    close,
    [Symbol.dispose]() {
      close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
