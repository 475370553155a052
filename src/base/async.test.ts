import { expect, test } from "bun:test";
import { Waiters } from "./async.ts";

test("waiters are told of the next occurrence, and who gave up is not", async () => {
  const waiters = new Waiters<number>();
  const giveUp = new AbortController();
  const [first, second, third] = [
    waiters.next(),
    waiters.next(giveUp.signal),
    waiters.next(AbortSignal.abort()),
  ];
  giveUp.abort();
  await expect(second).rejects.toMatchObject({ kind: "canceled" });
  await expect(third).rejects.toMatchObject({ kind: "canceled" });
  waiters.notify(1);
  const later = waiters.next();
  waiters.notify(2);
  expect([await first, await later]).toEqual([1, 2]);
});
