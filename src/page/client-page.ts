/** The page about one client; or about an address, of which there are only its datagrams. */
import type { ClientDetails, GatewayStatus } from "../http/answers.ts";
import { ask } from "./api.ts";
import { askFirst, type Question } from "./ask-first.ts";
import { byId } from "./by-id.ts";
import { ClientFacts } from "./client-facts.ts";
import { GatewayClock } from "./gateway-clock.ts";
import { LiveEvents } from "./live-events.ts";
import { LiveSign } from "./live-sign.ts";
import { LogList } from "./log-list.ts";
import { setText } from "./set-text.ts";
import { TraceView } from "./trace-view.ts";
import { visibleText } from "./visible-text.ts";

const LOG_LINES = 50;

/** Somebody may set a clock, here or there. */
const TIME_EVERY_MS = 15_000;

const DISCONNECT: Question = {
  title: "Disconnect this client?",
  text: "It is told to disconnect, if it listens. Its will is not sent. A durable session is kept. Most devices connect again at once.",
  yes: "Disconnect",
};

const FORGET: Question = {
  title: "Forget this client?",
  text: "It is disconnected, and its session is erased here and at the broker: subscriptions, topic ids, will, and every message that waits for it. This cannot be undone. It may connect again, as a new one. A device that comes back at once, before the broker has forgotten it, keeps what the broker has; disconnect it there or switch it off first.",
  yes: "Forget",
};

const parameters = new URLSearchParams(location.search);
const sign = new LiveSign();

function showClient(clientId: string): void {
  const which = `?id=${encodeURIComponent(clientId)}`;
  const facts = new ClientFacts();
  const log = new LogList(byId("log", HTMLElement), LOG_LINES, clientId);
  let client: ClientDetails | undefined;
  const clock = new GatewayClock();
  let startedAt = 0;
  const now = (): number => clock.now();

  const show = (next: ClientDetails | undefined): void => {
    client = next;
    document.body.dataset.known = next === undefined ? "no" : "yes";
    if (next === undefined) return;
    facts.show(next, now(), startedAt);
    log.show(next.log, now());
  };

  const act = async (question: Question, method: "POST" | "DELETE", at: string, done: string): Promise<void> => {
    if (!(await askFirst(question))) return;
    const answer = await ask(at, method);
    setText(byId("outcome", HTMLElement), answer.ok ? done : `That did not work: ${answer.problem}`);
  };
  byId("disconnect", HTMLButtonElement).addEventListener("click", () => {
    void act(DISCONNECT, "POST", `/api/client/disconnect${which}`, "It has been told to disconnect.");
  });
  byId("forget", HTMLButtonElement).addEventListener("click", () => {
    void act(FORGET, "DELETE", `/api/client${which}`, "It is forgotten.");
  });

  // The stream tells of the client alone: what the clocks differ by is asked.
  const askTime = async (): Promise<void> => {
    const gateway = await ask<GatewayStatus>("/api/gateway");
    if (!gateway.ok) return;
    clock.hear(gateway.value.now);
    startedAt = gateway.value.startedAt;
  };

  const begin = async (): Promise<void> => {
    await askTime();
    const handlers = { client: (data: unknown) => show(data as ClientDetails), gone: () => show(undefined) };
    new LiveEvents(`/api/client/stream${which}`, handlers, (isLive, answers) => sign.show(isLive, answers));
    setInterval(() => {
      if (client !== undefined && sign.isLive && !document.hidden) facts.show(client, now(), startedAt);
    }, 1000);
    setInterval(() => {
      if (sign.isLive && !document.hidden) void askTime();
    }, TIME_EVERY_MS);
  };
  void begin();
  new TraceView(`/api/client/trace${which}`);
}

function showAddress(address: string): void {
  document.body.dataset.known = "address";
  const trace = new TraceView(`/api/trace?address=${encodeURIComponent(address)}`);
  trace.start();
}

const address = parameters.get("address");
const name = visibleText(address ?? parameters.get("id") ?? "");
setText(byId("name", HTMLElement), name);
document.title = `${name}: MQTT-SN gateway`;
if (address === null) showClient(parameters.get("id") ?? "");
else showAddress(address);
