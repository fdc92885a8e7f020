import { type MessageName, MSG_TYPE } from "../sn/msg-type.ts";

/** Where datagrams are counted that have no header of a message: no message type has this octet. */
const MALFORMED = 0xff;

/** The names of return codes in metrics, by their octet (§5.3.10). */
const RETURN_CODE_NAMES = ["accepted", "congestion", "invalid_topic_id", "not_supported", "reserved"] as const;

const RETURN_CODES = RETURN_CODE_NAMES.length;

/** Messages with a return code, and where it stands, counted from behind the message type (§5.4). */
const RETURN_CODE_AT = { CONNACK: 0, REGACK: 4, PUBACK: 4, SUBACK: 5, WILLTOPICRESP: 0, WILLMSGRESP: 0 } as const;

/** A message with a return code. */
export type AnswerName = keyof typeof RETURN_CODE_AT;

/** What became of an exchange. */
export type ReturnCodeName = (typeof RETURN_CODE_NAMES)[number];

/** `malformed`: it has no header of a message. */
export type CountedMessageName = MessageName | "malformed";

const ANSWERS = Object.keys(RETURN_CODE_AT) as AnswerName[];
const MESSAGES = Object.entries(MSG_TYPE) as [MessageName, number][];

/** By the octet of the message type: 1 where there is such a type. */
const IS_TYPE = new Uint8Array(256);
for (const [, octet] of MESSAGES) IS_TYPE[octet] = 1;

/** By the octet of the message type: where its answers are counted, and where the return code stands; −1 where there is none. */
const ANSWER_ROW = new Int8Array(256).fill(-1);
const ANSWER_OFFSET = new Int8Array(256);
for (const [row, name] of ANSWERS.entries()) {
  ANSWER_ROW[MSG_TYPE[name]] = row;
  ANSWER_OFFSET[MSG_TYPE[name]] = RETURN_CODE_AT[name];
}

/**
 * Datagrams that went one way, by what is in them: only the header is looked at, and in an envelope that of the message inside. Any octets
 * may come.
 */
export class DatagramCounts {
  readonly #messages = new Float64Array(256);
  readonly #octets = new Float64Array(256);
  readonly #answers = new Float64Array(ANSWERS.length * RETURN_CODES);
  #datagrams = 0;
  #allOctets = 0;

  /** A datagram goes this way. */
  add(datagram: Uint8Array): void {
    const size = datagram.length;
    this.#datagrams += 1;
    this.#allOctets += size;
    let start = 0;
    // §5.5: the Length of an envelope is that of its header alone.
    if (datagram[1] === MSG_TYPE.ENCAPSULATED && datagram[0]! >= 3 && datagram[0]! < size) start = datagram[0]!;
    const bodyAt = bodyOf(datagram, start);
    const type = bodyAt === 0 ? MALFORMED : datagram[bodyAt - 1]!;
    const counted = IS_TYPE[type] === 1 ? type : MALFORMED;
    this.#messages[counted]! += 1;
    this.#octets[counted]! += size;
    const row = ANSWER_ROW[counted]!;
    if (row >= 0) this.#countAnswer(row, datagram[bodyAt + ANSWER_OFFSET[counted]!]);
  }

  #countAnswer(row: number, returnCode: number | undefined): void {
    // What is cut short is dropped as it is.
    if (returnCode === undefined) return;
    const code = returnCode < RETURN_CODES - 1 ? returnCode : RETURN_CODES - 1;
    this.#answers[row * RETURN_CODES + code]! += 1;
  }

  get datagrams(): number {
    return this.#datagrams;
  }

  /** Octets of all of them, envelopes included. */
  get octets(): number {
    return this.#allOctets;
  }

  /** How many there were of each type, and their octets, envelopes included. An envelope around nothing that is a message is malformed. */
  get byType(): { type: CountedMessageName; count: number; octets: number }[] {
    const types: [CountedMessageName, number][] = MESSAGES.filter(([type]) => type !== "ENCAPSULATED");
    types.push(["malformed", MALFORMED]);
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

/** Where the message that begins at `start` has its first octet behind the message type; 0 where there is no header with the right Length. */
function bodyOf(datagram: Uint8Array, start: number): number {
  const size = datagram.length - start;
  if (size < 2) return 0;
  const first = datagram[start]!;
  if (first !== 1) return first === size ? start + 2 : 0;
  if (size < 4) return 0;
  const length = (datagram[start + 1]! << 8) | datagram[start + 2]!;
  // As the decoder takes it (interpretation.md, A-03).
  return length === size || (length === 255 && size === 257) ? start + 4 : 0;
}
