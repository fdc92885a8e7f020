import { TEST_TITLES, type TestTitle } from "./test-titles.ts";

/** What users of MQTT-SN gateways have suffered from; tests name it as `field 7`. */
export interface FieldRow {
  row: number;
  what: string;
  /** Tests whose titles name the row. */
  tests: TestTitle[];
}

const WHAT: readonly string[] = [
  "An unexpected packet, state or port ends the gateway: a long client id, one REGISTER too many, an empty will topic, the octets `01 16`, a second CONNECT, a will message out of turn, a port that another client has just used.",
  "The table of clients only grows: at its limit nobody connects any more, although others have left.",
  "A client that wakes up never gets PINGRESP, or gets it before its messages are acknowledged.",
  "A sleep that is longer than the keep alive ends the session at the broker.",
  "A message is acknowledged and lost afterwards: by a restart, by giving up, by a full buffer.",
  "An address is taken for an identity: another client at a port is taken for the old one, a new port behind a NAT loses the session, a forged PINGREQ takes it over.",
  "After a restart of the gateway nobody tells the devices, which talk to nobody.",
  "A broker that restarts, or a connection that is dropped on the way, ends every session, and nobody tells the devices.",
  "Wildcards: REGISTER comes and no PUBLISH after it, PUBLISH comes with an id that was refused, SUBACK has an id that stands for no topic.",
  "All devices share one login at the broker.",
  "Through a forwarder only CONNECT works, or answers go to the wrong node.",
  "Discovery does not cross hops, or GWINFO comes from another place than the service.",
  "Client ids are compared by their first letters: `sensor1` takes over `sensor10`, and an empty id whoever was first.",
  "A CONNECT that is repeated because its CONNACK was lost is answered with DISCONNECT, or opens a second connection to the broker.",
  "A sleeping client is sent everything again at each PINGREQ, and retransmissions pile up while it sleeps.",
  "Any datagram of anybody opens a connection to the broker.",
  "An idle gateway answers late, and near a thousand clients its memory is corrupted.",
  "A QoS 2 PUBLISH that comes again disconnects the client.",
  "Nobody can say how many clients a gateway bears, or how fast it is.",
  "Mistakes in the configuration are silent, and the transport is chosen when the program is built.",
];

/** Every row, by its number. */
export const FIELD_ROWS: readonly FieldRow[] = WHAT.map((what, index) => {
  const row = index + 1;
  return { row, what, tests: TEST_TITLES.filter(({ title }) => rowsIn(title).includes(row)) };
});

/** The rows that a title names. */
export function rowsIn(title: string): number[] {
  return [...title.matchAll(/\bfield (\d+)\b/g)].map(([, row]) => Number(row));
}
