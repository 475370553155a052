import { canceled } from "../../base/errors.ts";
import type { Report } from "./progress-stream.ts";

interface Running<T> {
  readonly controller: AbortController;
  readonly reports: Set<Report>;
  /** Last message of each id, for those who come later. */
  readonly latest: Map<string, Parameters<Report>[0]>;
  readonly promise: Promise<T>;
}

/**
 * One run of a piece of work for everybody who asks for it at the same time. All see its progress; it is aborted when
 * the last one has gone.
 */
export class SharedWork<T> {
  readonly #running = new Map<string, Running<T>>();

  /** Joins the run under `key` or starts one. Errors: canceled for a caller whose signal is aborted; the work's own. */
  async join(
    key: string,
    caller: { readonly report: Report; readonly signal: AbortSignal },
    work: (report: Report, signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    if (caller.signal.aborted) throw canceled("context canceled");
    let running = this.#running.get(key);
    while (running?.controller.signal.aborted) {
      // Its end still holds what a new run needs; how it ended was told to those who left.
      await running.promise.catch(() => undefined);
      running = this.#running.get(key);
    }
    if (running) for (const message of running.latest.values()) caller.report(message);
    else running = this.#start(key, work);
    running.reports.add(caller.report);
    const { promise: left, reject } = Promise.withResolvers<never>();
    const onAbort = () => reject(canceled("context canceled"));
    caller.signal.addEventListener("abort", onAbort, { once: true });
    try {
      return await Promise.race([running.promise, left]);
    } finally {
      caller.signal.removeEventListener("abort", onAbort);
      running.reports.delete(caller.report);
      if (running.reports.size === 0) {
        running.controller.abort();
        // Who was last waits for the end, so that nothing is done or held once all are gone; the outcome was told above.
        await running.promise.catch(() => undefined);
      }
    }
  }

  #start(key: string, work: (report: Report, signal: AbortSignal) => Promise<T>): Running<T> {
    const controller = new AbortController();
    const reports = new Set<Report>();
    const latest = new Map<string, Parameters<Report>[0]>();
    const report: Report = (message) => {
      if (message.id !== undefined) latest.set(message.id, message);
      for (const listener of reports) listener(message);
    };
    // Starts in a later turn, so that the first caller listens before the first message.
    const promise = Promise.resolve().then(() => work(report, controller.signal));
    const running = { controller, reports, latest, promise };
    this.#running.set(key, running);
    const forget = () => {
      if (this.#running.get(key) === running) this.#running.delete(key);
    };
    promise.then(forget, forget);
    return running;
  }
}
