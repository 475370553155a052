import { expect, test } from "bun:test";
import { ERRNO, errnoName } from "./errno.ts";
import { describeErrno } from "./errno-text.ts";
import { close, openat } from "./libc.ts";
import { check, checkAsync, isErrno, SyscallError } from "./syscall-error.ts";

test("names and numbers of errors map onto each other", () => {
  expect(errnoName(2)).toBe("ENOENT");
  expect(errnoName(11)).toBe("EAGAIN");
  expect(errnoName(95)).toBe("EOPNOTSUPP");
  expect(errnoName(9999)).toBe("E9999");
  expect(ERRNO.EUCLEAN).toBe(117);
});

test("texts are strerror's in lower case", () => {
  expect(describeErrno(2)).toBe("no such file or directory");
  expect(describeErrno(16)).toBe("device or resource busy");
});

test("a failed call throws what errno says", () => {
  const open = () => check("openat", openat(-100, "/no/such", 0, 0), "/no/such");
  expect(open).toThrow("openat /no/such: no such file or directory");
  try {
    open();
  } catch (error) {
    expect(error).toBeInstanceOf(SyscallError);
    expect(isErrno(error, "ENOENT")).toBe(true);
    expect(isErrno(error, "EPERM")).toBe(false);
  }
});

test("hundreds of calls on other threads each report their own errno", async () => {
  const attempts: Array<() => Promise<number>> = [
    () => checkAsync("openat", openat, [-100, "/no/such", 0, 0]),
    () => checkAsync("close", close, [-1]),
    () => checkAsync("openat", openat, [-100, "/proc/version/below", 0, 0]),
  ];
  const codes = await Promise.all(
    Array.from({ length: 600 }, (_, index) =>
      attempts[index % 3]!().then(
        () => "none",
        (error: unknown) => (error as SyscallError).code,
      ),
    ),
  );
  const expected = ["ENOENT", "EBADF", "ENOTDIR"];
  expect(codes).toEqual(codes.map((_, index) => expected[index % 3]!));
});
