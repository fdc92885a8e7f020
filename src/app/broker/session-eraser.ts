import type { GatewayEvent } from "../../gateway/contract.ts";
import type { Log } from "../log/log.ts";
import type { BrokerAccess } from "./broker-access.ts";

/** Clients whose sessions wait to be erased at the broker: somebody sends them away one by one. */
const WAITING_MAX = 1000;

/** So long a broker may take for one. */
const ERASE_MS = 30_000;

/** Why what the broker has for a client stays: its own connection takes it up. */
const IS_BACK = "the client is back";

/** No link of the core has this number. */
const NO_LINK = 0;

/**
 * Has the broker forget the sessions of clients that are sent away for good: a connection in their name, with Clean Session, takes the
 * place of each, and ends. One after the other.
 */
export class SessionEraser {
  readonly #access: BrokerAccess;
  readonly #isConnected: (clientId: string) => boolean;
  readonly #log: Log;
  readonly #waiting: string[] = [];
  /** The one that is worked at. */
  #current: { clientId: string; giveUp: () => void } | undefined;
  #isAtWork = false;

  /** `isConnected`: whether a client is there again: its connection is not to be taken over. */
  constructor(access: BrokerAccess, isConnected: (clientId: string) => boolean, log: Log) {
    this.#access = access;
    this.#isConnected = isConnected;
    this.#log = log;
  }

  /** The session of this client is to go. What becomes of it is in the log. */
  erase(clientId: string): void {
    if (this.#waiting.length >= WAITING_MAX) this.#failed(clientId, `${WAITING_MAX} others wait`);
    else this.#waiting.push(clientId);
    if (!this.#isAtWork) void this.#work();
  }

  /**
   * This client connects again, and its connection is about to be opened: what the broker has is its own now. Ours must not come behind it, and
   * throw it out.
   */
  isBack(clientId: string): void {
    if (this.#current?.clientId === clientId) this.#current.giveUp();
    const index = this.#waiting.indexOf(clientId);
    if (index < 0) return;
    this.#waiting.splice(index, 1);
    this.#failed(clientId, IS_BACK);
  }

  async #work(): Promise<void> {
    this.#isAtWork = true;
    for (let clientId = this.#waiting.shift(); clientId !== undefined; clientId = this.#waiting.shift()) {
      const problem = this.#isConnected(clientId) ? IS_BACK : await this.#eraseOne(clientId);
      if (problem === undefined) this.#log.info("session.erased", { clientId });
      else this.#failed(clientId, problem);
    }
    this.#isAtWork = false;
  }

  /** Why it could not be; undefined where it is done. */
  #eraseOne(clientId: string): Promise<string | undefined> {
    return new Promise((resolve) => {
      let isOpen = false;
      let hasEnded = false;
      const onEvent = (event: GatewayEvent): void => {
        if (event.type === "link-opened") {
          isOpen = true;
          link.close(true);
        } else if (event.type === "link-refused") {
          end(event.reason ?? `the broker refused the connection (${event.returnCode})`);
        } else if (event.type === "link-closed") {
          end(isOpen ? undefined : event.reason);
        }
      };
      const end = (problem: string | undefined): void => {
        if (hasEnded) return;
        hasEnded = true;
        this.#current = undefined;
        clearTimeout(timer);
        resolve(problem);
      };
      const connect = { clientId, cleanSession: true, will: undefined };
      const link = this.#access.openLink(NO_LINK, connect, onEvent);
      const timer = setTimeout(() => link.close(false), ERASE_MS);
      const giveUp = () => {
        // Once the broker has let us in, it has erased the session already.
        end(isOpen ? undefined : IS_BACK);
        link.close(false);
      };
      this.#current = { clientId, giveUp };
    });
  }

  #failed(clientId: string, reason: string): void {
    const message = `what the broker keeps for ${JSON.stringify(clientId)} could not be erased: ${reason}`;
    this.#log.warn("session.not-erased", { clientId, reason }, message);
  }
}
