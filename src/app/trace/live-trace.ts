import type { Address } from "../../gateway/contract.ts";
import { Forwarding } from "../../gateway/forwarding.ts";
import type { TracedDatagram } from "../../http/answers.ts";
import type { TraceTarget } from "../../http/source.ts";
import { decode } from "../../sn/decode.ts";
import type { TraceDirection } from "../runner.ts";
import type { WhereIs } from "../where-is.ts";
import { datagramText } from "./datagram-text.ts";
import type { DatagramTraces } from "./datagram-traces.ts";

/** Octets of a datagram that are shown as such: no packet of a network that sensors are in is longer. */
const HEX_OCTETS_MAX = 1500;

type OnDatagram = (inWords: () => TracedDatagram) => void;

/** One who looks at a client: at whatever address it is, now and then. */
interface ClientWatch {
  clientId: string;
  /** Where it was last, or spoke from without being let in. */
  seenAt: Address | undefined;
  onDatagram: OnDatagram;
}

/** One who looks at an address. */
interface AddressWatch {
  /** With or without its port. */
  place: string;
  /** The node behind it that is meant, in hexadecimal; undefined where all that comes from there is. */
  nodeId: string | undefined;
  onDatagram: OnDatagram;
}

/** What is known of clients and their addresses. Nodes behind a forwarder have one of their own, which the core makes. */
interface ClientPlaces {
  /** Who has a session there. */
  clientIdAt(address: Address): string | undefined;
  /** Where a client is, or was last. */
  addressOf(clientId: string): Address | undefined;
}

/** Datagrams of clients, or of addresses, as they come and go. While nobody looks, none is looked at. */
export class LiveTrace {
  readonly #traces: DatagramTraces;
  readonly #places: ClientPlaces;
  readonly #whereIs: WhereIs;
  readonly #ofClients = new Set<ClientWatch>();
  readonly #ofAddresses = new Set<AddressWatch>();

  constructor(traces: DatagramTraces, places: ClientPlaces, whereIs: WhereIs) {
    this.#traces = traces;
    this.#places = places;
    this.#whereIs = whereIs;
  }

  /** Has `onDatagram` called for each datagram of those from now on, until what is returned is called. */
  begin(target: TraceTarget, onDatagram: OnDatagram): () => void {
    const end =
      "clientId" in target ? this.#watchClient(target.clientId, onDatagram) : this.#watch(target.address, onDatagram);
    this.#traces.set(this, this.#see);
    return () => {
      end();
      if (this.#ofClients.size === 0 && this.#ofAddresses.size === 0) this.#traces.set(this, undefined);
    };
  }

  #watchClient(clientId: string, onDatagram: OnDatagram): () => void {
    const watch = { clientId, seenAt: this.#places.addressOf(clientId), onDatagram };
    this.#ofClients.add(watch);
    return () => this.#ofClients.delete(watch);
  }

  #watch(address: string, onDatagram: OnDatagram): () => void {
    const [place, nodeId] = address.split("/");
    const watch = { place: place!, nodeId, onDatagram };
    this.#ofAddresses.add(watch);
    return () => this.#ofAddresses.delete(watch);
  }

  readonly #see = (direction: TraceDirection, address: Address | undefined, data: Uint8Array): void => {
    if (address === undefined) return;
    const inWords = () => traced(direction, data);
    if (this.#ofAddresses.size > 0) this.#seeAddress(address, data, inWords);
    // What goes to a group is for nobody in particular.
    if (this.#ofClients.size > 0 && direction !== "out to groups") this.#seeClient(direction, address, data, inWords);
  };

  #seeAddress(address: Address, data: Uint8Array, inWords: () => TracedDatagram): void {
    const place = this.#whereIs(address).address;
    const host = place.replace(/:\d+$/, "").replace(/^\[|\]$/g, "");
    const places = [place, host, host.replace(/%.*/, "")];
    for (const { place: watched, nodeId, onDatagram } of this.#ofAddresses) {
      if (places.includes(watched) && (nodeId === undefined || nodeId === nodeIdIn(data))) onDatagram(inWords);
    }
  }

  #seeClient(direction: TraceDirection, address: Address, data: Uint8Array, inWords: () => TracedDatagram): void {
    const envelope = decode(data);
    const isForwarded = envelope.type === "ENCAPSULATED";
    const from = isForwarded ? new Forwarding(address, envelope.wirelessNodeId).nodeAddress : address;
    const message = isForwarded ? decode(envelope.data) : envelope;
    // It names itself in these two; and may have no session, or another one's address.
    const named = message.type === "CONNECT" || message.type === "PINGREQ" ? message.clientId || undefined : undefined;
    const there = this.#places.clientIdAt(from);
    for (const watch of this.#ofClients) {
      const { clientId } = watch;
      const isAtLast = there === undefined && named === undefined && watch.seenAt === from;
      if (clientId !== named && clientId !== there && !isAtLast) continue;
      if (direction === "in") watch.seenAt = from;
      watch.onDatagram(inWords);
    }
  }
}

/** Which node of its forwarder a datagram is of, in hexadecimal; undefined where it is in no envelope. */
function nodeIdIn(data: Uint8Array): string | undefined {
  const message = decode(data);
  return message.type === "ENCAPSULATED" ? Buffer.from(message.wirelessNodeId).toString("hex") : undefined;
}

function traced(direction: TraceDirection, data: Uint8Array): TracedDatagram {
  const shown = Buffer.from(data.buffer, data.byteOffset, Math.min(data.length, HEX_OCTETS_MAX));
  return {
    at: Date.now(),
    direction: direction === "in" ? "in" : "out",
    octets: data.length,
    text: datagramText(data),
    hex: shown.toString("hex"),
  };
}
