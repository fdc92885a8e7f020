import type { RemoteInfo, Socket } from "node:dgram";
import { isIPv6 } from "node:net";
import { DgramAsPromised } from "dgram-as-promised";
import type { MulticastGroup } from "./multicast-group.ts";

/**
 * A socket that only hears what is sent to a multicast group, for a listener that cannot hear it itself: one that is bound to an address
 * of its own, or to another port. Any number of programs may have one for the same group.
 */
export class GroupReceiver {
  readonly socket: Socket;
  readonly #closeSocket: () => Promise<void>;

  /** Opens it at `group`; of a group of link-local scope with its zone. Rejects with the error of the system, which has a `code`. */
  static async open(
    group: MulticastGroup,
    onDatagram: (data: Uint8Array, from: RemoteInfo) => void,
    onError: (error: Error) => void,
  ): Promise<GroupReceiver> {
    const { host, port } = group;
    const ipv6 = isIPv6(host);
    const opened = DgramAsPromised.createSocket({
      type: ipv6 ? "udp6" : "udp4",
      ipv6Only: ipv6,
      reuseAddr: true,
      lookup: (numeric, _options, callback) => callback(null, numeric, ipv6 ? 6 : 4),
    });
    try {
      await opened.bind(port, host);
    } catch (error) {
      opened.socket.close();
      throw error;
    }
    opened.socket.on("error", onError);
    opened.socket.on("message", onDatagram);
    return new GroupReceiver(opened.socket, () => opened.close());
  }

  private constructor(socket: Socket, closeSocket: () => Promise<void>) {
    this.socket = socket;
    this.#closeSocket = closeSocket;
  }

  close(): Promise<void> {
    return this.#closeSocket();
  }
}
