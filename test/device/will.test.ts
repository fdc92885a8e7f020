import { describe, expect, test } from "vitest";
import type { WillRequest } from "../../src/device/contract.ts";
import { DeviceScript } from "./device-script.ts";

const will = { willTopic: "gone", willMsg: Buffer.from("d1"), qos: 1, retain: true } as const;
const other = { willTopic: "lost", qos: 0, retain: false } as const;
const bye = Buffer.from("bye");

const updateTopic: WillRequest = { type: "update-will-topic", token: 1, topic: other };
const deleteWill: WillRequest = { type: "update-will-topic", token: 1, topic: undefined };
const updateMessage: WillRequest = { type: "update-will-message", token: 2, willMsg: bye };

function connectsWithWill(settings = {}): DeviceScript {
  const d = new DeviceScript({ will, reconnect: true, ...settings });
  d.does({ type: "connect" }).sends({ type: "CONNECT", will: true });
  d.hears({ type: "CONNACK", returnCode: 0 }).tells({ type: "connected" });
  return d;
}

function loses(d: DeviceScript): DeviceScript {
  d.hears({ type: "DISCONNECT", duration: undefined }).tells({ type: "disconnected", reconnecting: true });
  return d.after(1000);
}

describe("a device with a will", () => {
  test("C1 without the Will flag answers no prompt: an empty WILLTOPIC would delete a will that is to stay", () => {
    const d = new DeviceScript({ cleanSession: false });
    d.does({ type: "connect" }).sends({ type: "CONNECT", will: false });
    d.hears({ type: "WILLTOPICREQ" }).nothing().hears({ type: "WILLMSGREQ" }).nothing();
    d.hears({ type: "CONNACK", returnCode: 0 }).tells({ type: "connected" });
    d.hears({ type: "WILLTOPICREQ" }).nothing();
  });

  test("C2 takes a refusal in the middle of the prompts", () => {
    const d = new DeviceScript({ will });
    d.does({ type: "connect" }).sends({ type: "CONNECT" });
    d.hears({ type: "WILLTOPICREQ" }).sends({ type: "WILLTOPIC" });
    d.hears({ type: "CONNACK", returnCode: 3 }).tells({ type: "refused", returnCode: 3 });
    d.tells({ type: "disconnected", reason: "refused" });
  });

  test("C9 answers a prompt that comes again", () => {
    const d = new DeviceScript({ will });
    d.does({ type: "connect" }).sends({ type: "CONNECT" });
    d.hears({ type: "WILLTOPICREQ" }).sends({ type: "WILLTOPIC" });
    d.hears({ type: "WILLTOPICREQ" }).sends({ type: "WILLTOPIC" });
  });

  test("C13 answers prompts also after a CONNACK, which was that to an older CONNECT", () => {
    const d = connectsWithWill();
    d.hears({ type: "WILLTOPICREQ" }).sends({ type: "WILLTOPIC", willTopic: "gone" });
    d.hears({ type: "WILLMSGREQ" }).sends({ type: "WILLMSG" });
  });

  test("R1 R2 repeats WILLMSG, and takes the CONNECT for failed after Nretry", () => {
    const d = new DeviceScript({ will, nRetry: 1 });
    d.does({ type: "connect" }).sends({ type: "CONNECT" });
    d.hears({ type: "WILLTOPICREQ" }).sends({ type: "WILLTOPIC" });
    d.hears({ type: "WILLMSGREQ" }).sends({ type: "WILLMSG" });
    d.after(10_000).repeats({ type: "WILLMSG" }).after(10_000).tells({ type: "gave-up", message: "WILLMSG" });
    d.tells({ type: "disconnected", reason: "no answer" });
  });

  test("W5 may have an empty message", () => {
    const d = new DeviceScript({ will: { ...will, willMsg: Buffer.alloc(0) } });
    d.does({ type: "connect" }).sends({ type: "CONNECT" });
    d.hears({ type: "WILLMSGREQ" }).sends({ type: "WILLMSG", willMsg: Buffer.alloc(0) });
  });
});

describe("a device that changes its will", () => {
  test("W6 W8 sends WILLTOPICUPD, and is done when WILLTOPICRESP accepts", () => {
    const d = connectsWithWill();
    d.does(updateTopic).sends({ type: "WILLTOPICUPD", empty: false, willTopic: "lost", qos: 0, retain: false });
    d.hears({ type: "WILLTOPICRESP", returnCode: 0 });
    d.tells({ type: "will-updated", token: 1, result: "accepted", returnCode: 0 });
  });

  test("W6 W8 sends WILLMSGUPD, and is done when WILLMSGRESP accepts", () => {
    const d = connectsWithWill();
    d.does(updateMessage).sends({ type: "WILLMSGUPD", willMsg: bye });
    d.hears({ type: "WILLMSGRESP", returnCode: 0 }).tells({ type: "will-updated", token: 2, result: "accepted" });
  });

  test("W6 connects with topic and message as they were changed, each by itself", () => {
    const d = connectsWithWill();
    d.does(updateTopic).sends({ type: "WILLTOPICUPD" });
    d.hears({ type: "WILLTOPICRESP", returnCode: 0 }).tells({ type: "will-updated" });
    d.does(updateMessage).sends({ type: "WILLMSGUPD" });
    d.hears({ type: "WILLMSGRESP", returnCode: 0 }).tells({ type: "will-updated" });
    loses(d).sends({ type: "CONNECT", will: true });
    d.hears({ type: "WILLTOPICREQ" }).sends({ type: "WILLTOPIC", ...other });
    d.hears({ type: "WILLMSGREQ" }).sends({ type: "WILLMSG", willMsg: bye });
  });

  test("W7 deletes its will with an empty WILLTOPICUPD, and connects without one from then on", () => {
    const d = connectsWithWill();
    d.does(deleteWill).sends({ type: "WILLTOPICUPD", empty: true });
    d.hears({ type: "WILLTOPICRESP", returnCode: 0 }).tells({ type: "will-updated", result: "accepted" });
    loses(d).sends({ type: "CONNECT", will: false });
  });

  test("W9 has an empty message where it sets a topic without ever having had one", () => {
    const d = new DeviceScript({ reconnect: true }).connects();
    d.does(updateTopic).sends({ type: "WILLTOPICUPD" });
    d.hears({ type: "WILLTOPICRESP", returnCode: 0 }).tells({ type: "will-updated" });
    loses(d).sends({ type: "CONNECT", will: true });
    d.hears({ type: "WILLMSGREQ" }).sends({ type: "WILLMSG", willMsg: Buffer.alloc(0) });
  });

  test("W8 tells a refusal, and keeps the will it had", () => {
    const d = connectsWithWill();
    d.does(updateTopic).sends({ type: "WILLTOPICUPD" });
    d.hears({ type: "WILLTOPICRESP", returnCode: 3 });
    d.tells({ type: "will-updated", token: 1, result: "refused", returnCode: 3 });
    loses(d).sends({ type: "CONNECT", will: true });
    d.hears({ type: "WILLTOPICREQ" }).sends({ type: "WILLTOPIC", willTopic: "gone" });
  });

  test("W8 has one update outstanding, and takes no answer but that to it", () => {
    const d = connectsWithWill();
    d.does(updateMessage).sends({ type: "WILLMSGUPD" });
    d.does(updateTopic).nothing();
    d.hears({ type: "WILLTOPICRESP", returnCode: 0 }).nothing();
    d.hears({ type: "WILLMSGRESP", returnCode: 0 }).tells({ type: "will-updated", token: 2 });
    d.sends({ type: "WILLTOPICUPD" });
    d.hears({ type: "WILLTOPICRESP", returnCode: 0 }).tells({ type: "will-updated", token: 1 });
    d.hears({ type: "WILLTOPICRESP", returnCode: 0 }).nothing();
  });

  test("W5 never sends a topic without a name", () => {
    const d = connectsWithWill();
    d.does({ ...updateTopic, topic: { ...other, willTopic: "" } });
    d.tells({ type: "will-updated", token: 1, result: "refused", returnCode: 3 });
  });

  test.each([updateTopic, updateMessage])(
    "R1 R2 R5 repeats the update after Tretry, and gives up after Nretry",
    (update) => {
      const d = connectsWithWill({ nRetry: 1, reconnect: false });
      const type = update === updateTopic ? "WILLTOPICUPD" : "WILLMSGUPD";
      const sent = d.does(update).sends({ type });
      d.after(9_999).nothing().after(1);
      expect(d.sends({ type })).toEqual(sent);
      d.tells({ type: "retransmitted", message: type });
      d.after(10_000).tells({ type: "gave-up", message: type });
      d.tells({ type: "will-updated", token: update.token, result: "no answer" });
      d.tells({ type: "disconnected", reason: "no answer" });
    },
  );

  test("R7 asks again in the next connection where the answer did not come in the last one", () => {
    const d = connectsWithWill();
    d.does(updateTopic).sends({ type: "WILLTOPICUPD" });
    loses(d).sends({ type: "CONNECT" });
    d.hears({ type: "CONNACK", returnCode: 0 }).tells({ type: "connected" }).sends({ type: "WILLTOPICUPD" });
  });

  test("Z15 waits with an update until it is active, and sleeps when it is done", () => {
    const d = connectsWithWill();
    const sleep = { type: "sleep", duration: 300, wakeEveryMs: undefined } as const;
    d.does(sleep).sends({ type: "DISCONNECT", duration: 300 });
    d.hears({ type: "DISCONNECT", duration: undefined }).tells({ type: "asleep" });
    d.does(updateMessage).nothing();
    d.does({ type: "wake" }).sends({ type: "PINGREQ" });
    d.hears({ type: "PINGRESP" }).tells({ type: "awake-ended" });
    d.does({ type: "connect" }).sends({ type: "CONNECT" });
    d.does(sleep).hears({ type: "CONNACK", returnCode: 0 }).tells({ type: "connected" }).sends({ type: "WILLMSGUPD" });
    d.hears({ type: "WILLMSGRESP", returnCode: 0 }).tells({ type: "will-updated" });
    d.sends({ type: "DISCONNECT", duration: 300 });
  });

  test("says so without a connection, when more waits than is allowed, and when it is too long", () => {
    const d = new DeviceScript({ queuedMax: 1, datagramOctetsMax: 20 });
    d.does(updateTopic).tells({ type: "will-updated", token: 1, result: "not connected" }).connects();
    d.does({ ...updateMessage, willMsg: Buffer.alloc(12) }).tells({ type: "will-updated", result: "too long" });
    d.does(updateTopic).sends({ type: "WILLTOPICUPD" });
    d.does(updateTopic).nothing().does(updateMessage).tells({ type: "will-updated", token: 2, result: "queue full" });
  });
});
