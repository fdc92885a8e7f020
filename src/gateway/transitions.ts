import type { MessageName } from "../sn/msg-type.ts";
import type { State } from "./state.ts";

/** What a message does, in words; docs/states.md is generated from here. */
export const REACTIONS = {
  drop: "nothing; counted as not meant for a gateway (F7)",
  search: "GWINFO while the broker can be reached (D8)",
  listen: "nothing; a stand-by gateway takes note of it (D5)",
  unwrap: "the message inside is looked at, as one of the node's (E2)",
  ignore: "nothing",
  stranger: "DISCONNECT, at a limited rate (2.15)",
  setUp: "WILLTOPICREQ if Will=1, else the broker is asked (C1)",
  repeatSetUp: "the outstanding request again (C9); another CONNECT starts over (C10)",
  connectAgain: "CONNACK if nothing else came since the last one (C12), else set-up anew (C13)",
  resume: "CONNACK, state active, buffered messages follow (Z12)",
  willTopic: "WILLMSGREQ; without a topic the broker is asked (W2)",
  repeatWillMsgReq: "WILLMSGREQ again",
  willMsg: "the broker is asked",
  repeatConnack: "CONNACK if nothing else came since the last one",
  register: "REGACK (T)",
  publish: "to the broker, its answer to the client (P)",
  subscribe: "to the broker, its answer to the client (S)",
  unsubscribe: "to the broker, its answer to the client (S9)",
  answer: "matched against the exchange in flight (R8)",
  release: "to the broker, its PUBCOMP to the client (P10)",
  willUpdate:
    "the broker connection is made anew with the new will, then it is accepted; 0x03 where it is no will (W6 to W10)",
  ping: "PINGRESP (K1)",
  wake: "buffered messages, then PINGRESP (Z4 to Z7)",
  wakeAgain: "the message in flight again (Z10)",
  disconnect: "DISCONNECT, state disconnected (X1); with a duration state asleep (Z1)",
  abort: "DISCONNECT, the set-up ends",
} as const;

export type Reaction = keyof typeof REACTIONS;

/** The columns: a message from a disconnected or lost client is that of a stranger. */
type Row = Record<State, Reaction>;

/** The same reaction while a CONNECT is under way, and one for each state of a connected client. */
function row(without: Reaction, settingUp: Reaction, active: Reaction, asleep: Reaction, awake: Reaction): Row {
  return {
    disconnected: without,
    lost: without,
    "awaiting will topic": settingUp,
    "awaiting will message": settingUp,
    "awaiting broker": settingUp,
    active,
    asleep,
    awake,
  };
}

const ALWAYS = (reaction: Reaction) => row(reaction, reaction, reaction, reaction, reaction);
const NOT_FOR_A_GATEWAY = ALWAYS("drop");
const REQUEST_OF_CONNECTED = (reaction: Reaction) => row("stranger", "ignore", reaction, reaction, reaction);

/**
 * What each message does in each state: section 3 of the protocol reference as data. Everything that depends on a message's fields
 * besides, such as the QoS −1 of a PUBLISH, is decided by the code the reaction names.
 */
export const TRANSITIONS = {
  CONNECT: {
    ...row("setUp", "repeatSetUp", "connectAgain", "resume", "resume"),
    "awaiting broker": "ignore",
  },
  WILLTOPIC: {
    ...row("stranger", "ignore", "ignore", "ignore", "ignore"),
    "awaiting will topic": "willTopic",
    "awaiting will message": "repeatWillMsgReq",
  },
  WILLMSG: {
    ...row("stranger", "ignore", "repeatConnack", "ignore", "ignore"),
    "awaiting will message": "willMsg",
  },
  REGISTER: REQUEST_OF_CONNECTED("register"),
  PUBLISH: REQUEST_OF_CONNECTED("publish"),
  SUBSCRIBE: REQUEST_OF_CONNECTED("subscribe"),
  UNSUBSCRIBE: REQUEST_OF_CONNECTED("unsubscribe"),
  PUBREL: REQUEST_OF_CONNECTED("release"),
  PUBACK: REQUEST_OF_CONNECTED("answer"),
  PUBREC: REQUEST_OF_CONNECTED("answer"),
  PUBCOMP: REQUEST_OF_CONNECTED("answer"),
  REGACK: REQUEST_OF_CONNECTED("answer"),
  WILLTOPICUPD: REQUEST_OF_CONNECTED("willUpdate"),
  WILLMSGUPD: REQUEST_OF_CONNECTED("willUpdate"),
  PINGREQ: row("stranger", "ignore", "ping", "wake", "wakeAgain"),
  PINGRESP: row("stranger", "ignore", "ignore", "ignore", "ignore"),
  DISCONNECT: row("stranger", "abort", "disconnect", "disconnect", "disconnect"),
  ADVERTISE: ALWAYS("listen"),
  SEARCHGW: ALWAYS("search"),
  GWINFO: NOT_FOR_A_GATEWAY,
  CONNACK: NOT_FOR_A_GATEWAY,
  WILLTOPICREQ: NOT_FOR_A_GATEWAY,
  WILLMSGREQ: NOT_FOR_A_GATEWAY,
  SUBACK: NOT_FOR_A_GATEWAY,
  UNSUBACK: NOT_FOR_A_GATEWAY,
  WILLTOPICRESP: NOT_FOR_A_GATEWAY,
  WILLMSGRESP: NOT_FOR_A_GATEWAY,
  ENCAPSULATED: ALWAYS("unwrap"),
} as const satisfies Record<MessageName, Row>;
