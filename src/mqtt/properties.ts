/**
 * The properties of a packet of MQTT 5 that say something to a gateway, by the names that `mqtt-packet` has for them (MQTT 5 §2.2.2.2).
 * Everything else that may stand there is read past.
 */
export interface Properties {
  /** In seconds; 0xFFFFFFFF is for ever. */
  sessionExpiryInterval?: number;
  /** In seconds. */
  serverKeepAlive?: number;
  receiveMaximum?: number;
  maximumQoS?: number;
  retainAvailable?: boolean;
  /** In octets. */
  maximumPacketSize?: number;
  wildcardSubscriptionAvailable?: boolean;
  sharedSubscriptionAvailable?: boolean;
  reasonString?: string;
}

type Kind = "octet" | "uint16" | "uint32" | "varint" | "text" | "binary" | "pair";

const KINDS: ReadonlyMap<number, Kind> = new Map<number, Kind>([
  [0x01, "octet"], // Payload Format Indicator
  [0x02, "uint32"], // Message Expiry Interval
  [0x03, "text"], // Content Type
  [0x08, "text"], // Response Topic
  [0x09, "binary"], // Correlation Data
  [0x0b, "varint"], // Subscription Identifier
  [0x11, "uint32"], // Session Expiry Interval
  [0x12, "text"], // Assigned Client Identifier
  [0x13, "uint16"], // Server Keep Alive
  [0x15, "text"], // Authentication Method
  [0x16, "binary"], // Authentication Data
  [0x17, "octet"], // Request Problem Information
  [0x18, "uint32"], // Will Delay Interval
  [0x19, "octet"], // Request Response Information
  [0x1a, "text"], // Response Information
  [0x1c, "text"], // Server Reference
  [0x1f, "text"], // Reason String
  [0x21, "uint16"], // Receive Maximum
  [0x22, "uint16"], // Topic Alias Maximum
  [0x23, "uint16"], // Topic Alias
  [0x24, "octet"], // Maximum QoS
  [0x25, "octet"], // Retain Available
  [0x26, "pair"], // User Property
  [0x27, "uint32"], // Maximum Packet Size
  [0x28, "octet"], // Wildcard Subscription Available
  [0x29, "octet"], // Subscription Identifiers Available
  [0x2a, "octet"], // Shared Subscription Available
]);

/** The properties that fill `octets`; undefined where they are malformed: unknown, cut off, or twice what may be there once. */
export function readProperties(octets: Buffer): Properties | undefined {
  const properties: Properties = {};
  const seen = new Set<number>();
  let at = 0;
  while (at < octets.length) {
    const id = octets[at++]!;
    const kind = KINDS.get(id);
    const end = kind === undefined ? TOO_SHORT : valueEnd(kind, octets, at);
    if (end > octets.length || (seen.has(id) && kind !== "pair")) return undefined;
    seen.add(id);
    if (!set(properties, id, octets.subarray(at, end))) return undefined;
    at = end;
  }
  return properties;
}

/**
 * Where properties that begin at `at` with their length end; undefined where the length is malformed. That may be beyond `end`, where
 * their packet ends, as it also is where the length itself is cut off.
 */
export function propertiesEnd(octets: Uint8Array, at: number, end: number): number | undefined {
  let length = 0;
  for (let octetsRead = 0; octetsRead < 4; octetsRead += 1) {
    if (at >= end) return TOO_SHORT;
    const octet = octets[at++]!;
    length |= (octet & 127) << (7 * octetsRead);
    if (octet < 128) return at + length;
  }
  return undefined;
}

/** Beyond the end of everything. */
const TOO_SHORT = Number.POSITIVE_INFINITY;

function valueEnd(kind: Kind, octets: Buffer, at: number): number {
  switch (kind) {
    case "octet":
      return at + 1;
    case "uint16":
      return at + 2;
    case "uint32":
      return at + 4;
    case "varint":
      return varintEnd(octets, at);
    case "text":
    case "binary":
      return stringEnd(octets, at);
    case "pair":
      return stringEnd(octets, stringEnd(octets, at));
  }
}

function varintEnd(octets: Buffer, at: number): number {
  const end = octets.subarray(at, at + 4).findIndex((octet) => octet < 128);
  return end === -1 ? TOO_SHORT : at + end + 1;
}

function stringEnd(octets: Buffer, at: number): number {
  return at + 2 > octets.length ? TOO_SHORT : at + 2 + octets.readUInt16BE(at);
}

/** Takes over what is of use; false where the value is one that the standard rules out. */
function set(properties: Properties, id: number, value: Buffer): boolean {
  switch (id) {
    case 0x11:
      properties.sessionExpiryInterval = value.readUInt32BE();
      return true;
    case 0x13:
      properties.serverKeepAlive = value.readUInt16BE();
      return true;
    case 0x1f:
      properties.reasonString = value.toString("utf8", 2);
      return true;
    case 0x21:
      properties.receiveMaximum = value.readUInt16BE();
      return properties.receiveMaximum > 0;
    case 0x24:
      properties.maximumQoS = value[0]!;
      return properties.maximumQoS < 2;
    case 0x25:
      properties.retainAvailable = value[0] !== 0;
      return value[0]! < 2;
    case 0x27:
      properties.maximumPacketSize = value.readUInt32BE();
      return properties.maximumPacketSize > 0;
    case 0x28:
      properties.wildcardSubscriptionAvailable = value[0] !== 0;
      return value[0]! < 2;
    case 0x2a:
      properties.sharedSubscriptionAvailable = value[0] !== 0;
      return value[0]! < 2;
    default:
      return true;
  }
}
