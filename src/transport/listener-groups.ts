import { isIPv6 } from "node:net";
import { GroupMembership, type MembershipChange } from "./group-membership.ts";
import { GroupReceiver } from "./group-receiver.ts";
import type { InterfaceAddress } from "./interface-address.ts";
import type { MulticastGroup } from "./multicast-group.ts";
import type { MulticastInterface } from "./multicast-interface.ts";
import { Neighbourhood } from "./neighbourhood.ts";
import { selectInterfaces } from "./select-interfaces.ts";
import type { UdpTransport } from "./udp.ts";

/** What happens to a listener in a group. `on` is undefined where it does not depend on an interface. */
export interface GroupEvent {
  type: "joined" | "left" | "problem";
  group: MulticastGroup;
  on: MulticastInterface | undefined;
  /** What the system said, for a problem. */
  error?: NodeJS.ErrnoException;
}

/** Interfaces that one listener uses at once. A machine with more of them has them for its containers. */
const INTERFACES_MAX = 64;

/** The hops of a datagram that goes through the whole network: the scope of its group bounds it. */
const HOPS_MAX = 255;

/** A socket that hears one group, and on which interfaces it is a member. */
interface Ear {
  group: MulticastGroup;
  /** The only interface that it is for, where there is one. */
  on: MulticastInterface | undefined;
  membership: GroupMembership;
  /** The socket where it is not the listener's own. */
  receiver: GroupReceiver | undefined;
}

/** A problem that has been told. */
interface Told {
  code: string;
  interfaceName: string | undefined;
}

/**
 * One listener in its multicast groups. It hears a group by its own socket where it can, and otherwise by one that only receives; what
 * it sends to the groups leaves by its own socket in any case, as clients take the source for the gateway's address (D12).
 */
export class ListenerGroups {
  readonly #transport: UdpTransport;
  readonly #groups: readonly MulticastGroup[];
  readonly #wanted: readonly string[];
  readonly #onEvent: (event: GroupEvent) => void;
  /** By the place of the socket: group and port, and the interface where it belongs to one. */
  readonly #ears = new Map<string, Ear>();
  #interfaces: readonly MulticastInterface[] = [];
  #neighbourhood: Neighbourhood | undefined;
  readonly #told = new Map<string, Told>();
  #closed = false;

  /**
   * Of `groups` it takes those of the listener's IP version; a port of 0 stands for the listener's. `wanted`: names and addresses of
   * interfaces, or `all`. A problem is told once, until it is over.
   */
  constructor(
    transport: UdpTransport,
    groups: readonly MulticastGroup[],
    wanted: readonly string[],
    onEvent: (event: GroupEvent) => void,
  ) {
    this.#transport = transport;
    this.#wanted = wanted;
    this.#onEvent = onEvent;
    this.#groups = groups
      .filter(({ host }) => isIPv6(host) === transport.isIPv6)
      .map(({ host, port }) => ({ host, port: port === 0 ? transport.port : port }));
  }

  /** Joins and leaves so that it is a member where it should be, on a machine with these addresses. */
  async update(addresses: readonly InterfaceAddress[]): Promise<void> {
    if (this.#closed) return;
    const { isIPv6: is6, boundTo } = this.#transport;
    const usable = selectInterfaces(addresses, { wanted: this.#wanted, isIPv6: is6, boundTo });
    this.#interfaces = usable.slice(0, INTERFACES_MAX);
    const names = this.#interfaces.map(({ name }) => name);
    const isElsewhere = addresses.some(({ interfaceName }) => !names.includes(interfaceName));
    this.#neighbourhood = isElsewhere ? new Neighbourhood(names, addresses) : undefined;
    for (const [key, { interfaceName }] of this.#told) {
      if (interfaceName !== undefined && !names.includes(interfaceName)) this.#told.delete(key);
    }
    for (const group of this.#groups) {
      if (isOfOneLink(group) && this.#needsReceiver(group)) await this.#joinLinks(group);
      else (await this.#ear(group))?.membership.update(this.#interfaces, (...what) => this.#onChange(group, ...what));
    }
  }

  /** Sends to every group on every interface, one after the other. `radius` in hops; 0 is the whole network (D7). */
  broadcast(radius: number, data: Uint8Array): void {
    const hops = radius === 0 ? HOPS_MAX : radius;
    for (const group of this.#groups) {
      for (const on of this.#interfaces) {
        this.#transport.sendToGroup(group, on, hops, data, (error) => this.#outcome("send", group, on, error));
      }
    }
  }

  /** The groups that a broadcast goes to: none while there is no interface for them. */
  get reached(): readonly MulticastGroup[] {
    return this.#interfaces.length === 0 ? [] : this.#groups;
  }

  /** Closes the sockets that only receive. */
  async close(): Promise<void> {
    this.#closed = true;
    const ears = [...this.#ears.values()];
    this.#ears.clear();
    await Promise.all(ears.map(({ receiver }) => receiver?.close()));
  }

  #needsReceiver({ port }: MulticastGroup): boolean {
    return this.#transport.boundTo !== undefined || this.#transport.port !== port;
  }

  /** A socket at a group of link-local scope belongs to one interface, and ends with it. */
  async #joinLinks(group: MulticastGroup): Promise<void> {
    for (const ear of [...this.#ears.values()]) {
      const { on } = ear;
      if (ear.group !== group || on === undefined || this.#interfaces.some(({ name }) => name === on.name)) continue;
      this.#onChange(group, "left", on);
      await this.#closeEar(group, on);
    }
    for (const on of this.#interfaces) {
      const isOld = this.#ears.has(placeOf(group, on));
      let isAnother = false;
      (await this.#ear(group, on))?.membership.update([on], (change) => {
        isAnother = isOld && change === "joined";
        if (!isAnother) this.#onChange(group, change, on);
      });
      // The interface has been made anew: the socket belongs to the one before.
      if (!isAnother) continue;
      await this.#closeEar(group, on);
      (await this.#ear(group, on))?.membership.update([on], (change) => this.#onChange(group, change, on));
    }
  }

  /** The socket that hears `group`, on one interface where that is named; undefined where there is none for a problem that was told. */
  async #ear(group: MulticastGroup, on?: MulticastInterface): Promise<Ear | undefined> {
    const place = placeOf(group, on);
    const there = this.#ears.get(place);
    if (there !== undefined) return there;
    const ear = this.#needsReceiver(group) ? await this.#openEar(group, on) : this.#ownEar(group);
    if (ear === undefined) return undefined;
    if (this.#closed) {
      await ear.receiver?.close();
      return undefined;
    }
    this.#ears.set(place, ear);
    return ear;
  }

  #ownEar(group: MulticastGroup): Ear {
    return { group, on: undefined, membership: this.#transport.membershipIn(group.host), receiver: undefined };
  }

  async #openEar(group: MulticastGroup, on: MulticastInterface | undefined): Promise<Ear | undefined> {
    const host = on === undefined ? group.host : `${group.host}%${on.name}`;
    try {
      const receiver = await GroupReceiver.open(
        { host, port: group.port },
        (data, from) => {
          if (this.#neighbourhood?.mayHave(from.address) !== false) this.#transport.receive(data, from);
        },
        (error) => this.#outcome("receive", group, on, error),
      );
      this.#outcome("bind", group, on, null);
      return { group, on, membership: new GroupMembership(receiver.socket, group.host), receiver };
    } catch (error) {
      this.#outcome("bind", group, on, error as Error);
      return undefined;
    }
  }

  async #closeEar(group: MulticastGroup, on: MulticastInterface): Promise<void> {
    const place = placeOf(group, on);
    const ear = this.#ears.get(place);
    this.#ears.delete(place);
    await ear?.receiver?.close();
  }

  #onChange(group: MulticastGroup, change: MembershipChange, on: MulticastInterface): void {
    if (typeof change === "object") {
      this.#outcome("join", group, on, change);
      return;
    }
    if (change === "joined") this.#outcome("join", group, on, null);
    this.#onEvent({ type: change, group, on });
  }

  /** Tells a problem that is a new one; `null` is the end of it. */
  #outcome(what: string, group: MulticastGroup, on: MulticastInterface | undefined, error: Error | null): void {
    if (this.#closed) return;
    const key = `${what} ${group.host} ${group.port} ${on?.name}`;
    if (error === null) {
      this.#told.delete(key);
      return;
    }
    const failure = error as NodeJS.ErrnoException;
    const code = failure.code ?? failure.message;
    if (this.#told.get(key)?.code === code) return;
    this.#told.set(key, { code, interfaceName: on?.name });
    this.#onEvent({ type: "problem", group, on, error: failure });
  }
}

function placeOf({ host, port }: MulticastGroup, on: MulticastInterface | undefined): string {
  return `${host} ${port} ${on?.name}`;
}

/** Whether it is an IPv6 group of interface-local or link-local scope, whose sockets need to know their interface. */
function isOfOneLink({ host }: MulticastGroup): boolean {
  return /^ff.[12]:/i.test(host);
}
