import { Latencies } from "./latencies.ts";

/**
 * What is counted of all clients since the gateway was started. What happens with every message is counted here; what is rare is a note.
 * Only ever grows.
 */
export class GatewayFigures {
  /** Messages of clients that the broker has, by QoS: with QoS 0 written to it, else acknowledged by it. */
  readonly published: [number, number, number] = [0, 0, 0];
  /** PUBLISHes with QoS −1 that were handed to the gateway's own connection. */
  publishedWithoutConnection = 0;
  /** Messages of the broker that clients have, by QoS: with QoS 0 sent to them, else acknowledged by them. */
  readonly delivered: [number, number, number] = [0, 0, 0];
  /** From a client's PUBLISH with QoS 1 or 2 to the broker's acknowledgement. */
  readonly publishLatencies = new Latencies();
  /** From the first sending of a message with QoS 1 or 2, or of the REGISTER before it, to the client's acknowledgement. */
  readonly deliveryLatencies = new Latencies();
  /** Messages sent to clients once more for want of an answer, or because a client asked for them. */
  repeatedToClients = 0;
  /** PUBLISHes of clients that came once more. */
  repeatedByClients = 0;
  wakeUps = 0;
}
