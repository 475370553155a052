import { type NetworkEvent, Subscription } from "../../os/linux/netlink/mod.ts";
import type { Reactor, ReadyWatch } from "../../os/linux/reactor/reactor.ts";

/** Whoever takes a link away may take more; what is left is looked at once. */
const SETTLE_MS = 200;

/** Tells when somebody took links or addresses away that an engine needs. */
export class LinkWatch {
  readonly #subscription: Subscription;
  readonly #ready: ReadyWatch;
  #timer: NodeJS.Timeout | undefined;

  /** `isDamage` judges each event; `damaged` is called soon after the first one that is. Errors: SyscallError. */
  constructor(
    reactor: Reactor,
    namespace: string | undefined,
    isDamage: (event: NetworkEvent) => boolean,
    damaged: () => void,
  ) {
    this.#subscription = Subscription.open(["link", "ipv4Address", "ipv6Address"], namespace);
    this.#ready = reactor.watchReadable(
      this.#subscription.fd,
      () => {
        // Events that were lost may have been any.
        const harmed = this.#subscription
          .read()
          .some((event) => event.subject === "overrun" || isDamage(event));
        if (harmed) this.#tellSoon(damaged);
        this.#ready.rearm();
      },
      { keepAlive: false },
    );
  }

  /** Nothing is told any more. */
  async close(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#ready.close();
    this.#subscription.close();
  }

  #tellSoon(damaged: () => void): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      damaged();
    }, SETTLE_MS).unref();
  }
}
