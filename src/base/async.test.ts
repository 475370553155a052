import { expect, test } from "bun:test";
import { countDown, Semaphore, Waiters } from "./async.ts";
import { kindOf } from "./errors.ts";

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

test("a raised limit lets in who waits; a lowered one lets nobody in before enough have left", async () => {
  const semaphore = new Semaphore(1);
  const first = await semaphore.acquire();
  const entered: string[] = [];
  const second = semaphore.acquire().then((held) => {
    entered.push("second");
    return held;
  });
  const third = semaphore.acquire().then((held) => {
    entered.push("third");
    return held;
  });
  semaphore.setLimit(2);
  await second;
  expect(entered).toEqual(["second"]);
  semaphore.setLimit(1);
  first[Symbol.dispose]();
  await Promise.resolve();
  expect(entered).toEqual(["second"]);
  (await second)[Symbol.dispose]();
  (await third)[Symbol.dispose]();
  expect(semaphore.tryAcquire()).toBeDefined();
  expect(semaphore.tryAcquire()).toBeUndefined();
});

test("who stops waiting does not take a place", async () => {
  const semaphore = new Semaphore(1);
  const held = await semaphore.acquire();
  const controller = new AbortController();
  const waiting = semaphore.acquire(controller.signal).then(() => "entered", kindOf);
  controller.abort();
  expect(await waiting).toBe("canceled");
  held[Symbol.dispose]();
  expect(semaphore.tryAcquire()).toBeDefined();
});

test("a wait is counted down in whole seconds", async () => {
  const told: number[] = [];
  const startMs = performance.now();
  await countDown(1050, (secondsLeft) => told.push(secondsLeft));
  expect(performance.now() - startMs).toBeGreaterThan(1040);
  expect(told).toEqual([2, 1]);
});
