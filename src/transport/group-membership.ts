import type { Socket } from "node:dgram";
import type { MulticastInterface } from "./multicast-interface.ts";

/** What became of one interface: joined, left, or what the system said instead. */
export type MembershipChange = "joined" | "left" | NodeJS.ErrnoException;

/** The membership of one socket in one multicast group, on interfaces that come and go. */
export class GroupMembership {
  readonly #socket: Socket;
  readonly #group: string;
  readonly #joined = new Map<string, MulticastInterface>();

  constructor(socket: Socket, group: string) {
    this.#socket = socket;
    this.#group = group;
  }

  /** Joins on those of `interfaces` on which the socket is no member, and leaves those that are not among them. */
  update(
    interfaces: readonly MulticastInterface[],
    onChange: (change: MembershipChange, on: MulticastInterface) => void,
  ): void {
    for (const gone of this.#joined.values()) {
      if (interfaces.some(({ name }) => name === gone.name)) continue;
      this.#joined.delete(gone.name);
      // A name that stands for nothing any more stands for every interface: for IPv6 the membership goes when the interface comes back.
      if (!gone.via.includes("%")) this.#leave(gone);
      onChange("left", gone);
    }
    for (const each of interfaces) {
      const change = this.#join(each);
      if (change !== undefined) onChange(change, each);
    }
  }

  /**
   * Asks the system each time: it knows an interface that was deleted and made anew from the one before, which has the same name and the
   * same address.
   */
  #join(on: MulticastInterface): MembershipChange | undefined {
    const wasJoined = this.#joined.has(on.name);
    // The system may remember a membership that the interface has lost while it was away.
    if (!wasJoined) this.#leave(on);
    try {
      this.#socket.addMembership(this.#group, on.via);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE") {
        this.#joined.delete(on.name);
        return error as NodeJS.ErrnoException;
      }
      this.#joined.set(on.name, on);
      return wasJoined ? undefined : "joined";
    }
    this.#joined.set(on.name, on);
    return "joined";
  }

  #leave(on: MulticastInterface): void {
    try {
      this.#socket.dropMembership(this.#group, on.via);
    } catch {
      // It was no member.
    }
  }
}
