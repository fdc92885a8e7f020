import { createSocket, Socket } from "node:dgram";
import { once } from "node:events";
import { afterEach, describe, expect, it, vi } from "vitest";
import { UdpTransport } from "../../src/transport/udp.ts";

const transports: UdpTransport[] = [];
const sockets: Socket[] = [];

afterEach(async () => {
  await Promise.all(transports.splice(0).map((transport) => transport.close()));
  for (const socket of sockets.splice(0)) socket.close();
});

async function bind(host: string, options: { prefix?: string; receiveBufferOctets?: number } = {}) {
  const received: { from: string; data: Uint8Array }[] = [];
  const errors: Error[] = [];
  const transport = await UdpTransport.bind(
    { host, port: 0, prefix: "", ...options },
    (from, data) => received.push({ from, data }),
    (error) => errors.push(error),
  );
  transports.push(transport);
  return { transport, received, errors, port: Number(/:(\d+)$/.exec(transport.localAddress)![1]) };
}

async function device(type: "udp4" | "udp6") {
  const socket = createSocket(type);
  sockets.push(socket);
  const received: string[] = [];
  socket.on("message", (data) => received.push(data.toString("hex")));
  socket.bind(0, type === "udp4" ? "127.0.0.1" : "::1");
  await once(socket, "listening");
  return { socket, received, port: socket.address().port };
}

describe("UDP", () => {
  it.each([
    ["IPv4", "127.0.0.1", "udp4", "127.0.0.1", "udp://127.0.0.1:"],
    ["IPv6", "::1", "udp6", "[::1]", "udp://[::1]:"],
  ] as const)("takes datagrams in and sends the answer back over %s", async (_name, host, type, from, url) => {
    const gateway = await bind(host);
    const { socket, received, port } = await device(type);
    expect(gateway.transport.localAddress).toBe(`${url}${gateway.port}`);

    socket.send(Buffer.from([2, 0x16]), gateway.port, host);
    await expect.poll(() => gateway.received.length).toBe(1);
    expect(gateway.received[0]).toMatchObject({ from: `${from}:${port}`, data: Buffer.from([2, 0x16]) });

    gateway.transport.send(gateway.received[0]!.from, Uint8Array.of(2, 0x17));
    await expect.poll(() => received).toEqual(["0217"]);
    expect(gateway.errors).toEqual([]);
  });

  it("binds to a name", async () => {
    const { transport } = await bind("localhost");
    expect(transport.localAddress).toMatch(/^udp:\/\/(127\.0\.0\.1|\[::1\]):\d+$/);
  });

  it("passes a datagram without octets on", async () => {
    const gateway = await bind("127.0.0.1");
    const { socket } = await device("udp4");
    socket.send(Buffer.alloc(0), gateway.port, "127.0.0.1");
    await expect.poll(() => gateway.received.map(({ data }) => data.length)).toEqual([0]);
  });

  it("tells several sockets apart by the prefix of their addresses, and answers from each", async () => {
    const one = await bind("127.0.0.1", { prefix: "1|" });
    const two = await bind("::1", { prefix: "2|" });
    const four = await device("udp4");
    const six = await device("udp6");
    four.socket.send("a", one.port, "127.0.0.1");
    six.socket.send("b", two.port, "::1");
    await expect
      .poll(() => [one, two].map(({ received }) => received.map(({ from }) => from)))
      .toEqual([[`1|127.0.0.1:${four.port}`], [`2|[::1]:${six.port}`]]);
    one.transport.send(one.received[0]!.from, Uint8Array.of(1));
    two.transport.send(two.received[0]!.from, Uint8Array.of(2));
    await expect.poll(() => [four.received, six.received]).toEqual([["01"], ["02"]]);
  });

  it("binds IPv4 and IPv6 to the same port, on all addresses", async () => {
    // The port that one is given may be taken for the other, by whoever else runs here.
    for (let attempts = 1; ; attempts += 1) {
      const six = await bind("::");
      try {
        const place = { host: "0.0.0.0", port: six.port, prefix: "" };
        const four = await UdpTransport.bind(
          place,
          () => {},
          () => {},
        );
        transports.push(four);
        expect(four.localAddress).toBe(`udp://0.0.0.0:${six.port}`);
        return;
      } catch (error) {
        if ((error as { code?: string }).code !== "EADDRINUSE" || attempts === 5) throw error;
      }
    }
  });

  it("says how large a receive buffer was granted", async () => {
    const small = await bind("127.0.0.1", { receiveBufferOctets: 8192 });
    const large = await bind("127.0.0.1");
    // Every system grants this little, and none of them something else.
    expect(small.transport.receiveBufferOctets).toBe(8192);
    expect(large.transport.receiveBufferOctets).toBeGreaterThan(small.transport.receiveBufferOctets);
  });

  it("lives on when nobody listens where it sends to", async () => {
    const gateway = await bind("127.0.0.1");
    const gone = await device("udp4");
    sockets.pop();
    gone.socket.close();
    await once(gone.socket, "close");
    gateway.transport.send(`127.0.0.1:${gone.port}`, Uint8Array.of(1));

    const there = await device("udp4");
    gateway.transport.send(`127.0.0.1:${there.port}`, Uint8Array.of(2));
    await expect.poll(() => there.received).toEqual(["02"]);
  });

  it("counts what could not be sent, and reports it at a bounded rate with the number left out", async () => {
    const clock = vi.spyOn(performance, "now").mockReturnValue(10_000);
    try {
      const { transport, errors } = await bind("127.0.0.1");
      // A source port of 0 can be forged; Node refuses to send there. A datagram of 70,000 octets is refused by the system.
      transport.send("127.0.0.1:0", Uint8Array.of(1));
      transport.send("127.0.0.1:9", new Uint8Array(70_000));
      transport.send("127.0.0.1:9", new Uint8Array(70_000));
      await expect.poll(() => transport.sendErrors).toBe(3);
      expect(errors).toHaveLength(1);
      clock.mockReturnValue(11_000);
      transport.send("127.0.0.1:9", new Uint8Array(70_000));
      await expect.poll(() => errors.length).toBe(2);
      expect(errors[1]!.message).toMatch(
        /^udp:\/\/127\.0\.0\.1:\d+: .*EMSGSIZE.* \(and 2 more since the last report\)$/,
      );
    } finally {
      clock.mockRestore();
    }
  });

  it("learns by one datagram of a turn that none can be sent, and counts each from then on", async () => {
    const { transport } = await bind("127.0.0.1");
    const burst = () => {
      for (let count = 0; count < 10; count += 1) transport.send("127.0.0.1:9", new Uint8Array(70_000));
    };
    burst();
    await expect.poll(() => transport.sendErrors).toBe(1);
    burst();
    await expect.poll(() => transport.sendErrors).toBe(11);
  });

  it("learns that those behind the first of a turn cannot be sent", async () => {
    const { transport } = await bind("127.0.0.1");
    const { port } = await device("udp4");
    for (let turn = 0; turn < 20; turn += 1) {
      transport.send(`127.0.0.1:${port}`, Uint8Array.of(1));
      transport.send("127.0.0.1:9", new Uint8Array(70_000));
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(transport.sendErrors).toBeGreaterThan(1);
    expect(transport.sendErrors).toBeLessThan(20);
  });

  it("drops what is to be sent while more than its limit waits for the network, and goes on when it does not", async () => {
    const waiting = vi.spyOn(Socket.prototype, "getSendQueueCount").mockReturnValue(10_000);
    try {
      const { transport, errors } = await bind("127.0.0.1");
      const { port, received } = await device("udp4");
      for (let sent = 0; sent < 150; sent += 1) transport.send(`127.0.0.1:${port}`, Uint8Array.of(1));
      expect(transport.sendErrors).toBe(51);
      expect(errors[0]!.message).toMatch(/more than 10000 datagrams wait to be sent$/);
      await expect.poll(() => received.length).toBe(99);
      waiting.mockReturnValue(9999);
      transport.send(`127.0.0.1:${port}`, Uint8Array.of(2));
      await expect.poll(() => received.at(-1)).toBe("02");
      expect(transport.sendErrors).toBe(51);
    } finally {
      waiting.mockRestore();
    }
  });

  it("does nothing when it is closed", async () => {
    const { transport, errors } = await bind("127.0.0.1");
    const { port, received } = await device("udp4");
    await Promise.all([transport.close(), transport.close()]);
    transport.send(`127.0.0.1:${port}`, Uint8Array.of(1));
    expect(errors).toEqual([]);
    expect(received).toEqual([]);
  });

  it("says what is wrong and what to do when it cannot bind", async () => {
    const { port } = await device("udp4");
    const bound = (host: string, taken: number) =>
      UdpTransport.bind(
        { host, port: taken, prefix: "" },
        () => {},
        () => {},
      );
    await expect(bound("127.0.0.1", port)).rejects.toMatchObject({
      code: "EADDRINUSE",
      message: `cannot listen on udp://127.0.0.1:${port}: another program has this port, perhaps another gateway; stop it, or choose another port`,
    });
    await expect(bound("192.0.2.1", 0)).rejects.toMatchObject({
      code: "EADDRNOTAVAIL",
      message: expect.stringContaining("cannot listen on udp://192.0.2.1:0: this machine has no such address"),
    });
  });
});
