import { addressOf } from "../ffi/native.ts";
import { SYS, syscall } from "./libc.ts";
import { checkAsync } from "./syscall-error.ts";

/** ioctl(2) with a structure, which the kernel reads or fills, on another thread; its result. Errors: SyscallError. */
export async function ioctl(
  handle: { readonly fd: number },
  request: number,
  data: Buffer,
  path?: string,
): Promise<number> {
  return await checkAsync("ioctl", syscall, [SYS.ioctl, handle.fd, request, addressOf(data), 0, 0, 0], path);
}
