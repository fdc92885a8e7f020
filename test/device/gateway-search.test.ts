import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { KnownGateway } from "../../src/device/search-contract.ts";
import type { Message } from "../../src/sn/message.ts";
import { SearchScript } from "./search-script.ts";

const A: KnownGateway = { gwId: 1, address: "192.168.0.1:1883" };
const B: KnownGateway = { gwId: 2, address: "192.168.0.2:1883" };
/** Another client. */
const PEER = "192.168.0.99:50000";

const advertise = ({ gwId }: KnownGateway, duration = 900): Message => ({ type: "ADVERTISE", gwId, duration });
const gwInfo = ({ gwId }: KnownGateway): Message => ({ type: "GWINFO", gwId, gwAdd: new Uint8Array(0) });
/** What a client tells of the gateway with GwId 5 at 192.168.0.7:10000. */
const told: Message = { type: "GWINFO", gwId: 5, gwAdd: Buffer.of(6, 192, 168, 0, 7, 0x27, 0x10) };
const searchGw = (radius: number): Message => ({ type: "SEARCHGW", radius });

function knows(...gateways: KnownGateway[]): SearchScript {
  const s = new SearchScript();
  for (const gateway of gateways) s.hears(gateway.address, advertise(gateway)).tells({ type: "found", gateway });
  return s;
}

describe("a client that listens", () => {
  test("D4 knows a gateway from its ADVERTISE, by the address that this came from", () => {
    const s = knows(A);
    expect(s.search.gateways).toEqual([A]);
    s.hears(A.address, advertise(A)).nothing();
  });

  test("D4 D12 knows a gateway from its GWINFO, by the address that this came from", () => {
    const s = new SearchScript().hears(A.address, gwInfo(A)).tells({ type: "found", gateway: A });
    expect(s.search.gateways).toEqual([A]);
  });

  test("D4 D9 knows a gateway from a client's GWINFO, by the GwAdd in it", () => {
    const s = new SearchScript().hears(PEER, told);
    s.tells({ type: "found", gateway: { gwId: 5, address: "192.168.0.7:10000" } });
  });

  test("D9 takes what a gateway says of itself before what a client says of it", () => {
    const gateway = { gwId: 5, address: "192.168.0.8:10000" };
    const s = knows(gateway).hears(PEER, told).nothing();
    expect(s.search.gateways).toEqual([gateway]);
    const moved = { gwId: 5, address: "192.168.0.9:10000" };
    s.hears(moved.address, gwInfo(moved)).tells({ type: "found", gateway: moved });
    expect(s.search.gateways).toEqual([moved]);
  });

  test("A-07 ignores a GwAdd in another coding than ours", () => {
    new SearchScript().hears(PEER, { type: "GWINFO", gwId: 5, gwAdd: Uint8Array.of(1, 192, 168, 0, 7) }).nothing();
  });

  test("D3 keeps several gateways, the first that was heard first", () => {
    expect(knows(B, A).search.gateways).toEqual([B, A]);
  });

  test("D4 forgets a gateway that has missed NADV ADVERTISEs in a row, and not before", () => {
    const s = knows(A);
    s.after(900_000).hears(A.address, advertise(A)).after(2_700_000).nothing();
    expect(s.search.gateways).toEqual([A]);
    s.after(500_000).tells({ type: "gone", gateway: A });
    expect(s.search.gateways).toEqual([]);
  });

  test("D4 takes the interval that the gateway announces", () => {
    const s = new SearchScript().hears(A.address, advertise(A, 10)).tells({ type: "found", gateway: A });
    s.after(30_000).nothing().after(5_000).tells({ type: "gone", gateway: A });
  });

  test("D4 does not forget a gateway at once that announces an interval of 0", () => {
    const s = new SearchScript().hears(A.address, advertise(A, 0)).tells({ type: "found", gateway: A });
    s.after(2_700_000).nothing();
  });

  test("K6 R1 puts a gateway that does not answer behind the others, until they do not answer either", () => {
    const s = knows(A, B);
    s.does({ type: "no-answer", gwId: A.gwId });
    expect(s.search.gateways).toEqual([B, A]);
    s.hears(A.address, advertise(A));
    expect(s.search.gateways).toEqual([B, A]);
    s.does({ type: "no-answer", gwId: B.gwId });
    expect(s.search.gateways).toEqual([A, B]);
  });

  test("keeps no more gateways than it has room for", () => {
    const s = new SearchScript({ gatewaysMax: 1 }).hears(A.address, gwInfo(A)).tells({ type: "found", gateway: A });
    s.hears(B.address, gwInfo(B)).nothing();
    expect(s.search.gateways).toEqual([A]);
  });
});

describe("a client that searches", () => {
  test("D6 D7 sends SEARCHGW with its radius after a random delay up to TSEARCHGW", () => {
    const delaysMs = Array.from({ length: 100 }, (_, seed) => {
      const s = new SearchScript({ radius: 2 }, seed).does({ type: "search" }).nothing();
      const delayMs = s.within(5000);
      s.sends(searchGw(2), 2);
      return delayMs;
    });
    expect(Math.min(...delaysMs)).toBeLessThan(500);
    expect(Math.max(...delaysMs)).toBeGreaterThan(4500);
  });

  test("D6 does not send it where another client asks the same meanwhile, and goes on as if it had", () => {
    const s = new SearchScript({ radius: 1 }).does({ type: "search" });
    s.hears(PEER, searchGw(1)).after(9_999).nothing();
    s.within(5001);
    s.sends(searchGw(1), 1);
    // The second of them: the pause has doubled.
    s.after(19_999).nothing();
    s.within(5001);
    s.sends(searchGw(1), 1);
  });

  test("D6 sends it where another client asks with another radius", () => {
    const s = new SearchScript({ radius: 1 }).does({ type: "search" }).hears(PEER, searchGw(2));
    s.within(5000);
    s.sends(searchGw(1), 1);
  });

  test("D6 is not kept from asking by others who ask again and again", () => {
    const s = new SearchScript({ tSearchGwMs: 0 }).does({ type: "search" }).after(0).sends(searchGw(0), 0);
    for (let passedMs = 0; passedMs < 9_000; passedMs += 1000) s.after(1000).hears(PEER, searchGw(0)).nothing();
    s.after(1000).sends(searchGw(0), 0);
  });

  test("D11 repeats it with intervals that double up to a bound, and then says that there is none", () => {
    const settings = { tSearchGwMs: 0, repeatMinMs: 1000, repeatMaxMs: 3000, repeats: 3 };
    const s = new SearchScript(settings).does({ type: "search" }).after(0).sends(searchGw(0), 0);
    for (const pauseMs of [1000, 2000, 3000]) {
      s.after(pauseMs - 1)
        .nothing()
        .after(1)
        .sends(searchGw(0), 0);
    }
    s.after(2999).nothing().after(1).tells({ type: "not-found" });
    expect(s.search.deadline).toBe(Number.POSITIVE_INFINITY);
  });

  test.each([
    ["a gateway's GWINFO", A.address, gwInfo(A), A],
    ["a gateway's ADVERTISE", A.address, advertise(A), A],
    ["a client's GWINFO", PEER, told, { gwId: 5, address: "192.168.0.7:10000" }],
  ])("D6 is done with %s", (_what, from, message, gateway) => {
    const s = new SearchScript().does({ type: "search" }).hears(from, message).tells({ type: "found", gateway });
    s.after(60_000).nothing();
  });

  test("D6 does not search where it knows a gateway, and stops when it is told to", () => {
    knows(A).does({ type: "search" }).after(60_000).nothing();
    new SearchScript().does({ type: "search" }).does({ type: "stop" }).after(60_000).nothing();
  });
});

describe("a client that another one asks", () => {
  test("D9 D10 tells the gateway it knows, with the radius asked for, after a random delay up to TGWINFO", () => {
    const delaysMs = Array.from({ length: 100 }, (_, seed) => {
      const s = new SearchScript({}, seed).hears("192.168.0.7:10000", gwInfo({ gwId: 5, address: "" }));
      s.tells({ type: "found", gateway: { gwId: 5, address: "192.168.0.7:10000" } });
      const delayMs = s.hears(PEER, searchGw(3)).nothing().within(5000);
      s.sends(told, 3).after(60_000).nothing();
      return delayMs;
    });
    expect(Math.min(...delaysMs)).toBeLessThan(500);
    expect(Math.max(...delaysMs)).toBeGreaterThan(4500);
  });

  test.each([
    ["the gateway", A.address, gwInfo(A)],
    ["another client", PEER, { ...told, gwId: A.gwId } as Message],
  ])("D9 says nothing when %s answers meanwhile", (_who, from, answer) => {
    knows(A).hears(PEER, searchGw(1)).hears(from, answer).nothing().after(60_000).nothing();
  });

  test("D9 answers once, however often it is asked meanwhile", () => {
    const s = knows(A).hears(PEER, searchGw(1)).hears(PEER, searchGw(2));
    s.within(5000);
    s.sends({ type: "GWINFO", gwId: A.gwId }, 1).after(60_000).nothing();
  });

  test("D9 says nothing where it knows none", () => {
    new SearchScript().hears(PEER, searchGw(1)).after(60_000).nothing();
    knows(A).after(3_200_000).tells({ type: "gone", gateway: A }).hears(PEER, searchGw(1)).after(60_000).nothing();
  });

  test("D9 says nothing of a gateway whose address it cannot tell, but of another", () => {
    const local = { gwId: 7, address: "[fe80::1%eth0]:1883" };
    knows(local).hears(PEER, searchGw(1)).after(60_000).nothing();
    const s = knows(local, A).hears(PEER, searchGw(1));
    s.within(5000);
    s.sends({ type: "GWINFO", gwId: A.gwId }, 1);
  });

  test("D13 does not answer ADVERTISE, GWINFO, nor what is no discovery", () => {
    const s = knows(A).hears(B.address, advertise(B)).tells({ type: "found", gateway: B });
    s.hears(B.address, gwInfo(B)).hears(PEER, { type: "PINGREQ", clientId: "" });
    s.hears(PEER, { type: "CONNECT", will: false, cleanSession: true, protocolId: 1, duration: 60, clientId: "d2" });
    s.after(60_000).nothing();
  });
});

test("F5 any datagram is survived", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 9 })), (datagrams) => {
      const s = new SearchScript();
      for (const data of datagrams) {
        // With a Length that fits, and a type of discovery, more often than not.
        if (data.length > 1) data[0] = data.length;
        if (data.length > 2 && data[1]! > 64) data[1] = data[1]! % 3;
        s.search.handle({ type: "datagram", from: PEER, data }, s.now);
      }
      expect(s.search.gateways.length).toBeLessThanOrEqual(32);
    }),
  );
});
