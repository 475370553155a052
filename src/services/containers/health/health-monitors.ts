/** The health monitors of one engine: at most one to a container. */
export class HealthMonitors {
  readonly #running = new Map<string, AbortController>();

  /** A new monitor takes the place of one before it; the signal tells it to end. */
  begin(id: string): AbortSignal {
    this.end(id);
    const controller = new AbortController();
    this.#running.set(id, controller);
    return controller.signal;
  }

  /** Whether there was one to end. */
  end(id: string): boolean {
    const controller = this.#running.get(id);
    this.#running.delete(id);
    controller?.abort();
    return controller !== undefined;
  }

  endAll(): void {
    for (const id of [...this.#running.keys()]) this.end(id);
  }
}
