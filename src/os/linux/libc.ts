import type { NativeBuffer, NativeString } from "../ffi/native.ts";
import { libcLibrary } from "./libc-library.ts";

/**
 * The C library's calls that `os/` builds on, with C's own conventions: -1 means failure and errno says why. Everything
 * above this file goes through `check` and `checkAsync`. System calls without a wrapper in every C library go
 * through `syscall`.
 */
const { bind } = libcLibrary;

type Fd = number;
type Flags = number;

export const AT_FDCWD = -100;
export const AT_SYMLINK_NOFOLLOW = 0x100;
export const AT_REMOVEDIR = 0x200;
export const AT_EMPTY_PATH = 0x1000;
export const AT_RECURSIVE = 0x8000;

/** Numbers of system calls; those from 424 on are the same on every architecture. */
export const SYS = {
  ioctl: process.arch === "arm64" ? 29 : 16,
  getdents64: process.arch === "arm64" ? 61 : 217,
  copy_file_range: process.arch === "arm64" ? 285 : 326,
  renameat2: process.arch === "arm64" ? 276 : 316,
  pidfd_send_signal: 424,
  move_mount: 429,
  fsopen: 430,
  fsconfig: 431,
  fsmount: 432,
  pidfd_open: 434,
  openat2: 437,
  mount_setattr: 442,
  quotactl_fd: 443,
} as const;

type Argument = number | bigint;

/** Any system call whose arguments are numbers; addresses come from `addressOf` of a buffer the caller keeps. */
export const syscall = bind<[number, Argument, Argument, Argument, Argument, Argument, Argument]>(
  "syscall",
  "long",
  ["long", "address", "address", "address", "address", "address", "address"],
);
/** System calls of the shape `call(fd, path, buffer, size)`: openat2, statx-like. */
export const syscallFdPathBuffer = bind<[number, Fd, NativeString, NativeBuffer, number, number]>(
  "syscall",
  "long",
  ["long", "address", "string", "buffer", "address", "address"],
);
/** System calls of the shape `call(fd, path, flags, buffer, size)`: mount_setattr. */
export const syscallFdPathFlagsBuffer = bind<[number, Fd, NativeString, Flags, NativeBuffer, number]>(
  "syscall",
  "long",
  ["long", "address", "string", "address", "buffer", "address"],
);
/** fsopen(name, flags). */
export const syscallName = bind<[number, NativeString, Flags]>("syscall", "long", [
  "long",
  "string",
  "address",
]);
/** fsconfig(fd, command, key, value, aux). */
export const syscallFsconfig = bind<[number, Fd, number, NativeString, NativeString, number]>(
  "syscall",
  "long",
  ["long", "address", "address", "string", "string", "address"],
);
/** move_mount(fromFd, fromPath, toFd, toPath, flags). */
export const syscallMoveMount = bind<[number, Fd, NativeString, Fd, NativeString, Flags]>("syscall", "long", [
  "long",
  "address",
  "string",
  "address",
  "string",
  "address",
]);

// Descriptors
export const close = bind<[Fd]>("close", "int", ["int"]);
export const read = bind<[Fd, NativeBuffer, number]>("read", "long", ["int", "buffer", "size"]);
export const readAt = bind<[Fd, bigint | number, number]>("read", "long", ["int", "address", "size"]);
export const write = bind<[Fd, NativeBuffer, number]>("write", "long", ["int", "buffer", "size"]);
export const fcntl = bind<[Fd, number, number]>("fcntl", "int", ["int", "int", "long"]);
export const pipe2 = bind<[NativeBuffer, Flags]>("pipe2", "int", ["buffer", "int"]);
export const eventfd = bind<[number, Flags]>("eventfd", "int", ["uint", "int"]);
export const memfdCreate = bind<[NativeString, Flags]>("memfd_create", "int", ["string", "uint"]);

// Files below a directory descriptor
export const openat = bind<[Fd, NativeString, Flags, number]>("openat", "int", [
  "int",
  "string",
  "int",
  "uint",
]);
export const mkdirat = bind<[Fd, NativeString, number]>("mkdirat", "int", ["int", "string", "uint"]);
export const mknodat = bind<[Fd, NativeString, number, bigint]>("mknodat", "int", [
  "int",
  "string",
  "uint",
  "uint64",
]);
export const unlinkat = bind<[Fd, NativeString, Flags]>("unlinkat", "int", ["int", "string", "int"]);
export const symlinkat = bind<[NativeString, Fd, NativeString]>("symlinkat", "int", [
  "string",
  "int",
  "string",
]);
export const linkat = bind<[Fd, NativeString, Fd, NativeString, Flags]>("linkat", "int", [
  "int",
  "string",
  "int",
  "string",
  "int",
]);
export const renameat = bind<[Fd, NativeString, Fd, NativeString]>("renameat", "int", [
  "int",
  "string",
  "int",
  "string",
]);
export const readlinkat = bind<[Fd, NativeString, NativeBuffer, number]>("readlinkat", "long", [
  "int",
  "string",
  "buffer",
  "size",
]);
export const statx = bind<[Fd, NativeString, Flags, number, NativeBuffer]>("statx", "int", [
  "int",
  "string",
  "int",
  "uint",
  "buffer",
]);
export const chmod = bind<[NativeString, number]>("chmod", "int", ["string", "uint"]);
export const fchownat = bind<[Fd, NativeString, number, number, Flags]>("fchownat", "int", [
  "int",
  "string",
  "uint",
  "uint",
  "int",
]);
export const utimensat = bind<[Fd, NativeString, NativeBuffer, Flags]>("utimensat", "int", [
  "int",
  "string",
  "buffer",
  "int",
]);
export const statfs = bind<[NativeString, NativeBuffer]>("statfs", "int", ["string", "buffer"]);
export const fstatfs = bind<[Fd, NativeBuffer]>("fstatfs", "int", ["int", "buffer"]);

export const syncfs = bind<[Fd]>("syncfs", "int", ["int"]);

// Extended attributes
export const setxattr = bind<[NativeString, NativeString, NativeBuffer, number, Flags]>("setxattr", "int", [
  "string",
  "string",
  "buffer",
  "size",
  "int",
]);
export const lsetxattr = bind<[NativeString, NativeString, NativeBuffer, number, Flags]>("lsetxattr", "int", [
  "string",
  "string",
  "buffer",
  "size",
  "int",
]);
export const getxattr = bind<[NativeString, NativeString, NativeBuffer, number]>("getxattr", "long", [
  "string",
  "string",
  "buffer",
  "size",
]);
export const lgetxattr = bind<[NativeString, NativeString, NativeBuffer, number]>("lgetxattr", "long", [
  "string",
  "string",
  "buffer",
  "size",
]);
export const listxattr = bind<[NativeString, NativeBuffer, number]>("listxattr", "long", [
  "string",
  "buffer",
  "size",
]);
export const llistxattr = bind<[NativeString, NativeBuffer, number]>("llistxattr", "long", [
  "string",
  "buffer",
  "size",
]);
export const removexattr = bind<[NativeString, NativeString]>("removexattr", "int", ["string", "string"]);
export const lremovexattr = bind<[NativeString, NativeString]>("lremovexattr", "int", ["string", "string"]);

// Mounts and namespaces
export const mount = bind<[NativeString, NativeString, NativeString, number, NativeString]>("mount", "int", [
  "string",
  "string",
  "string",
  "size",
  "string",
]);
export const umount2 = bind<[NativeString, Flags]>("umount2", "int", ["string", "int"]);
export const unshare = bind<[Flags]>("unshare", "int", ["int"]);
export const setns = bind<[Fd, Flags]>("setns", "int", ["int", "int"]);

// Sockets
export const socket = bind<[number, number, number]>("socket", "int", ["int", "int", "int"]);
export const socketpair = bind<[number, number, number, NativeBuffer]>("socketpair", "int", [
  "int",
  "int",
  "int",
  "buffer",
]);
export const bindSocket = bind<[Fd, NativeBuffer, number]>("bind", "int", ["int", "buffer", "uint"]);
export const connect = bind<[Fd, NativeBuffer, number]>("connect", "int", ["int", "buffer", "uint"]);
export const listen = bind<[Fd, number]>("listen", "int", ["int", "int"]);
export const accept4 = bind<[Fd, NativeBuffer, NativeBuffer, Flags]>("accept4", "int", [
  "int",
  "buffer",
  "buffer",
  "int",
]);
export const send = bind<[Fd, NativeBuffer, number, Flags]>("send", "long", ["int", "buffer", "size", "int"]);
export const recv = bind<[Fd, NativeBuffer, number, Flags]>("recv", "long", ["int", "buffer", "size", "int"]);
export const recvAt = bind<[Fd, bigint | number, number, Flags]>("recv", "long", [
  "int",
  "address",
  "size",
  "int",
]);
export const recvfrom = bind<[Fd, NativeBuffer, number, Flags, NativeBuffer, NativeBuffer]>(
  "recvfrom",
  "long",
  ["int", "buffer", "size", "int", "buffer", "buffer"],
);
export const sendto = bind<[Fd, NativeBuffer, number, Flags, NativeBuffer, number]>("sendto", "long", [
  "int",
  "buffer",
  "size",
  "int",
  "buffer",
  "uint",
]);
export const shutdown = bind<[Fd, number]>("shutdown", "int", ["int", "int"]);
export const getsockname = bind<[Fd, NativeBuffer, NativeBuffer]>("getsockname", "int", [
  "int",
  "buffer",
  "buffer",
]);
export const setsockopt = bind<[Fd, number, number, NativeBuffer, number]>("setsockopt", "int", [
  "int",
  "int",
  "int",
  "buffer",
  "uint",
]);
export const getsockopt = bind<[Fd, number, number, NativeBuffer, NativeBuffer]>("getsockopt", "int", [
  "int",
  "int",
  "int",
  "buffer",
  "buffer",
]);

// Readiness
export const epollCreate1 = bind<[Flags]>("epoll_create1", "int", ["int"]);
export const epollCtl = bind<[Fd, number, Fd, NativeBuffer]>("epoll_ctl", "int", [
  "int",
  "int",
  "int",
  "buffer",
]);
export const epollWait = bind<[Fd, NativeBuffer, number, number]>("epoll_wait", "int", [
  "int",
  "buffer",
  "int",
  "int",
]);
export const inotifyInit1 = bind<[Flags]>("inotify_init1", "int", ["int"]);
export const inotifyAddWatch = bind<[Fd, NativeString, number]>("inotify_add_watch", "int", [
  "int",
  "string",
  "uint",
]);
export const inotifyRmWatch = bind<[Fd, number]>("inotify_rm_watch", "int", ["int", "int"]);

// Processes
export const prlimit = bind<[number, number, NativeBuffer, NativeBuffer]>("prlimit", "int", [
  "int",
  "int",
  "buffer",
  "buffer",
]);
export const lseek = bind<[Fd, number, number]>("lseek", "int64", ["int", "int64", "int"]);
export const ftruncate = bind<[Fd, number]>("ftruncate", "int", ["int", "int64"]);
export const fallocate = bind<[Fd, Flags, number, number]>("fallocate", "int", [
  "int",
  "int",
  "int64",
  "int64",
]);
