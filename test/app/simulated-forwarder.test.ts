import { describe, expect, test } from "vitest";
import type { Radio } from "../../src/app/device/radio.ts";
import { SimulatedForwarder } from "../../src/app/device/simulated-forwarder.ts";

const PINGREQ = Buffer.from("0216", "hex");
const PINGRESP = Buffer.from("0217", "hex");

class RadioDouble implements Radio {
  onDatagram: (data: Uint8Array) => void = () => {};
  readonly sent: string[] = [];

  send(data: Uint8Array): void {
    this.sent.push(Buffer.from(data).toString("hex"));
  }

  moveTo(): Promise<void> {
    return Promise.resolve();
  }

  close(): void {
    throw new Error("the nodes of a forwarder do not close its radio");
  }
}

/** A forwarder with these nodes, and what each has heard. */
function forwarderWith(...ids: string[]) {
  const radio = new RadioDouble();
  const forwarder = new SimulatedForwarder(radio);
  const heard: string[] = [];
  const nodes = ids.map((id) => {
    const node = forwarder.node(Buffer.from(id, "hex"));
    node.onDatagram = (data) => heard.push(`${id}: ${Buffer.from(data).toString("hex")}`);
    return node;
  });
  const hears = (hex: string) => radio.onDatagram(Buffer.from(hex, "hex"));
  return { radio, nodes, heard, hears };
}

describe("a simulated forwarder", () => {
  test("E1 E3 E6 wraps what a node sends, with its id and without a radius", () => {
    const { radio, nodes } = forwarderWith("002a");
    nodes[0]!.send(PINGREQ);
    expect(radio.sent).toEqual(["05fe00002a0216"]);
  });

  test("E5 hands to each node what is for it, unwrapped", () => {
    const { heard, hears } = forwarderWith("002a", "002b");
    hears("05fe00002b0217");
    hears("05fe03002a0218");
    expect(heard).toEqual(["002b: 0217", "002a: 0218"]);
  });

  test("E4 E7 drops what is for no node of it, and what is not wrapped", () => {
    const { heard, hears } = forwarderWith("002a");
    hears("04fe002a0217");
    hears("05fe00002c0217");
    hears(PINGRESP.toString("hex"));
    hears("ff");
    expect(heard).toEqual([]);
  });

  test("goes on for the others when a node is closed", () => {
    const { nodes, heard, hears } = forwarderWith("002a", "002b");
    nodes[0]!.close();
    hears("05fe00002a0217");
    hears("05fe00002b0217");
    expect(heard).toEqual(["002b: 0217"]);
  });
});
