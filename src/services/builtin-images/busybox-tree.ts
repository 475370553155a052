import { chmod, copyFile, link, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { unavailable } from "../../base/errors.ts";
import { run } from "../../os/linux/spawn.ts";

const BUSYBOX = "/bin/busybox";
const DIRECTORIES = [
  "bin",
  "dev",
  "etc",
  "home",
  "proc",
  "root",
  "sys",
  "tmp",
  "usr/bin",
  "usr/sbin",
  "var/spool/mail",
  "var/www",
];
const FILES: Readonly<Record<string, string>> = {
  "etc/passwd":
    "root:x:0:0:root:/root:/bin/sh\ndaemon:x:1:1:daemon:/usr/sbin:/bin/false\nwww-data:x:33:33:www-data:/var/www:/bin/false\nnobody:x:65534:65534:nobody:/home:/bin/false\n",
  "etc/group": "root:x:0:\ndaemon:x:1:\ntty:x:5:\nwww-data:x:33:\nusers:x:100:\nnogroup:x:65534:\n",
  "etc/shadow": "root:*:::::::\ndaemon:*:::::::\nwww-data:*:::::::\nnobody:*:::::::\n",
};

/**
 * `directory` holds a root file system whose programs are the applets of the host's static busybox (Debian package
 * busybox-static). Errors: unavailable where there is none.
 */
export async function makeBusyboxTree(directory: string): Promise<void> {
  const applets = await listApplets();
  for (const name of DIRECTORIES) await mkdir(join(directory, name), { recursive: true, mode: 0o755 });
  await chmod(join(directory, "tmp"), 0o1777);
  await chmod(join(directory, "root"), 0o700);
  for (const [name, text] of Object.entries(FILES)) await writeFile(join(directory, name), text);
  await chmod(join(directory, "etc/shadow"), 0o640);
  const program = join(directory, "bin/busybox");
  await copyFile(BUSYBOX, program);
  await chmod(program, 0o755);
  for (const applet of applets) {
    if (applet !== "busybox") await link(program, join(directory, "bin", applet));
  }
}

async function listApplets(): Promise<string[]> {
  let output: string;
  try {
    const { code, stdout } = await run({ command: BUSYBOX, args: ["--list"], stdout: "collect" });
    if (code !== 0) throw new Error(`${BUSYBOX} --list exited with ${code}`);
    output = stdout.toString();
  } catch (error) {
    throw unavailable(`${BUSYBOX} cannot be used to make an image`, {
      cause: error,
      hint: "Install the package busybox-static.",
    });
  }
  return output.split("\n").filter((name) => /^[\w[.-]+$/.test(name));
}
