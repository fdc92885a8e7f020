import { type MessageName, MSG_TYPE } from "../../sn/msg-type.ts";

/** Where datagrams are counted that have no header of a message: no message type has this octet. */
const MALFORMED = 0xff;

/** The names of return codes in metrics, by their octet (§5.3.10). */
const RETURN_CODE_NAMES = ["accepted", "congestion", "invalid_topic_id", "not_supported", "reserved"] as const;

const RETURN_CODES = RETURN_CODE_NAMES.length;

/** Messages with a return code, and where it stands, counted from behind the message type (§5.4). */
const RETURN_CODE_AT = { CONNACK: 0, REGACK: 4, PUBACK: 4, SUBACK: 5, WILLTOPICRESP: 0, WILLMSGRESP: 0 } as const;

/** A message with a return code. */
type AnswerName = keyof typeof RETURN_CODE_AT;

/** What became of an exchange. */
type ReturnCodeName = (typeof RETURN_CODE_NAMES)[number];

/** `malformed`: it has no header of a message. */
type CountedMessageName = MessageName | "malformed";

const ANSWERS = Object.keys(RETURN_CODE_AT) as AnswerName[];
/** Of an envelope the message inside is counted. */
const MESSAGES = (Object.entries(MSG_TYPE) as [MessageName, number][]).filter(([type]) => type !== "ENCAPSULATED");

/** What there is to count of a message, by the octet of its type: below 0 no such type, 0 the message, above 0 in which row its return code. */
const KIND = new Int8Array(256).fill(-1);
for (const [, octet] of MESSAGES) KIND[octet] = 0;
for (const [row, name] of ANSWERS.entries()) KIND[MSG_TYPE[name]] = row + 1;

/**
 * Datagrams that went one way, by what is in them: only the header is looked at, and in an envelope that of the message inside. Any octets
 * may come.
 */
export class DatagramCounts {
  readonly #messages = new Float64Array(256);
  readonly #octets = new Float64Array(256);
  readonly #answers = new Float64Array(ANSWERS.length * RETURN_CODES);

  /** A datagram goes this way. */
  add(datagram: Uint8Array): void {
    const size = datagram.length;
    // Nearly all have the short header, which needs no call.
    const isShort = datagram[0] === size && size >= 2 && datagram[1] !== MSG_TYPE.ENCAPSULATED;
    const bodyAt = isShort ? 2 : bodyOf(datagram);
    const type = bodyAt === 0 ? MALFORMED : datagram[bodyAt - 1]!;
    const kind = KIND[type]!;
    const counted = kind < 0 ? MALFORMED : type;
    this.#messages[counted]! += 1;
    this.#octets[counted]! += size;
    if (kind > 0) this.#countAnswer(kind - 1, datagram, bodyAt);
  }

  #countAnswer(row: number, datagram: Uint8Array, bodyAt: number): void {
    const returnCode = datagram[bodyAt + RETURN_CODE_AT[ANSWERS[row]!]];
    // What is cut short is dropped as it is.
    if (returnCode === undefined) return;
    const code = returnCode < RETURN_CODES - 1 ? returnCode : RETURN_CODES - 1;
    this.#answers[row * RETURN_CODES + code]! += 1;
  }

  get datagrams(): number {
    return sum(this.#messages);
  }

  /** Octets of all of them, envelopes included. */
  get octets(): number {
    return sum(this.#octets);
  }

  /** How many there were of each type, and their octets, envelopes included. An envelope around nothing that is a message is malformed. */
  get byType(): { type: CountedMessageName; count: number; octets: number }[] {
    const types: [CountedMessageName, number][] = [...MESSAGES, ["malformed", MALFORMED]];
    return types.map(([type, at]) => ({ type, count: this.#messages[at]!, octets: this.#octets[at]! }));
  }

  /** How many answers there were with each return code. */
  get answers(): { type: AnswerName; returnCode: ReturnCodeName; count: number }[] {
    return ANSWERS.flatMap((type, row) =>
      RETURN_CODE_NAMES.map((returnCode, code) => {
        return { type, returnCode, count: this.#answers[row * RETURN_CODES + code]! };
      }),
    );
  }
}

function sum(counts: Float64Array): number {
  return counts.reduce((total, count) => total + count, 0);
}

/** Where the message has its first octet behind the message type; 0 where there is no header with the right Length. */
function bodyOf(datagram: Uint8Array): number {
  // §5.5: the Length of an envelope is that of its header alone.
  const length = datagram[0]!;
  const isEnvelope = datagram[1] === MSG_TYPE.ENCAPSULATED && length >= 3;
  return bodyFrom(datagram, isEnvelope ? length : 0);
}

/** The same of the message that begins at `start` and goes on to the end. */
function bodyFrom(datagram: Uint8Array, start: number): number {
  const size = datagram.length - start;
  if (size < 2) return 0;
  const first = datagram[start]!;
  if (first !== 1) return first === size ? start + 2 : 0;
  if (size < 4) return 0;
  const length = (datagram[start + 1]! << 8) | datagram[start + 2]!;
  // As the decoder takes it (interpretation.md, A-03).
  return length === size || (length === 255 && size === 257) ? start + 4 : 0;
}
