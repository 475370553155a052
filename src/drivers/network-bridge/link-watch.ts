import { type NetworkEvent, Subscription } from "../../os/linux/netlink/mod.ts";
import type { Reactor, ReadyWatch } from "../../os/linux/reactor/reactor.ts";

/** Whoever takes a link away may take more; all of it is looked at once. */
const GATHER_MS = 100;

/** Tells when somebody took links or addresses away that an engine needs. */
export class LinkWatch {
  readonly #subscription: Subscription;
  readonly #ready: ReadyWatch;
  #timer: NodeJS.Timeout | undefined;

  /** `isDamage` judges what was deleted, soon after it was; `damaged` is called where it is. Errors: SyscallError. */
  constructor(
    reactor: Reactor,
    namespace: string | undefined,
    isDamage: (deletions: readonly NetworkEvent[]) => boolean,
    damaged: () => void,
  ) {
    this.#subscription = Subscription.open({
      groups: ["link", "ipv4Address", "ipv6Address"],
      deletionsOnly: true,
      namespace,
    });
    const judge = () => {
      if (isDamage(this.#subscription.read())) damaged();
      this.#ready.rearm();
    };
    this.#ready = reactor.watchReadable(
      this.#subscription.fd,
      () => {
        this.#timer = setTimeout(judge, GATHER_MS).unref();
      },
      { keepAlive: false },
    );
  }

  /** Nothing is told any more. */
  async close(): Promise<void> {
    await this.#ready.close();
    clearTimeout(this.#timer);
    this.#subscription.close();
  }
}
