import { constants } from "node:os";

/** Numbers of the error names that Linux shares between x86_64 and arm64 and that the runtime's table leaves out. */
const LINUX_ONLY = {
  ENOTBLK: 15,
  ENOMEDIUM: 123,
  ESTALE: 116,
  EUCLEAN: 117,
  EREMOTEIO: 121,
  ESHUTDOWN: 108,
  EHOSTDOWN: 112,
  EKEYREJECTED: 129,
  EOWNERDEAD: 130,
} as const;

/** Error numbers by name. Source: errno(3). */
export const ERRNO: Readonly<Record<string, number>> & {
  readonly [Name in keyof typeof constants.errno | keyof typeof LINUX_ONLY]: number;
} = { ...LINUX_ONLY, ...constants.errno };

const NAMES = new Map<number, string>();
for (const [name, number] of Object.entries(ERRNO)) NAMES.set(number, name);
// Two names each for one number: the one the kernel's own documents use.
NAMES.set(ERRNO.EAGAIN, "EAGAIN");
NAMES.set(ERRNO.EOPNOTSUPP, "EOPNOTSUPP");

/** The name of an error number, `ENOENT` for 2; `E<number>` for one without a name. */
export function errnoName(errno: number): string {
  return NAMES.get(errno) ?? `E${errno}`;
}
