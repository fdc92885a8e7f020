import type { GatewayStatus } from "../http/answers.ts";
import { byId } from "./by-id.ts";
import { clockText } from "./clock-text.ts";
import { countOf, countText } from "./count-text.ts";
import { durationText } from "./duration-text.ts";
import { make } from "./make.ts";
import { octetsText } from "./octets-text.ts";
import { RateMeter } from "./rate-meter.ts";
import { rateText } from "./rate-text.ts";
import { setText } from "./set-text.ts";

/** The gateway in figures, and its broker. */
export class GatewayFigures {
  readonly #published = new RateMeter();
  readonly #delivered = new RateMeter();

  /** `now` in milliseconds since 1970. What has not changed since it was told is so still. */
  show(status: GatewayStatus, now: number): void {
    const { node, gatewayId, version, startedAt, listeners } = status;
    setText(byId("gateway-id", HTMLElement), String(gatewayId));
    const about = `version ${version} on Node ${node}, running for ${durationText(now - startedAt)}`;
    setText(byId("about", HTMLElement), about);
    setText(byId("listeners", HTMLElement), listeners.join(", "));
    this.#showBroker(status, now);
    this.#showRates(status);
    this.#showLoad(status);
    showLimits(status.limitsReached);
  }

  #showBroker({ broker, ready }: GatewayStatus, now: number): void {
    const tile = byId("broker", HTMLElement);
    // Before the first answer it is neither.
    const isWaiting = !broker.reachable && broker.since === null && broker.reason === null;
    tile.dataset.state = broker.reachable ? "good" : isWaiting ? "waiting" : "bad";
    const state = broker.reachable ? "reachable" : isWaiting ? "not asked yet" : "not reachable";
    setText(byId("broker-state", HTMLElement), state);
    const since =
      broker.since === null ? "" : `since ${clockText(broker.since, now)} (${durationText(now - broker.since)})`;
    const outages = broker.outages === 0 ? "" : countOf(broker.outages, "outage");
    setText(byId("broker-since", HTMLElement), [since, outages].filter((text) => text !== "").join(", "));
    const mqtt = broker.mqttVersion === 5 ? "MQTT 5" : "MQTT 3.1.1";
    setText(byId("broker-url", HTMLElement), `${broker.url}, ${mqtt}`);
    setText(byId("broker-reason", HTMLElement), broker.reason ?? "");
    byId("broker-remedy", HTMLElement).hidden = broker.reachable || isWaiting;
    setText(byId("ready", HTMLElement), ready ? "" : "The gateway is not ready: the broker has not been reached yet.");
  }

  #showRates(status: GatewayStatus): void {
    // No clock that somebody may set.
    const nowMs = performance.now();
    const { published, publishedWithoutConnection, delivered, datagramsIn, datagramsOut, octetsIn, octetsOut } = status;
    this.#published.add(nowMs, sum(published) + publishedWithoutConnection);
    this.#delivered.add(nowMs, sum(delivered));
    showRate("published", this.#published.perSecond);
    showRate("delivered", this.#delivered.perSecond);
    const total = countOf(sum(published) + publishedWithoutConnection, "message");
    setText(
      byId("published-total", HTMLElement),
      `${total}, ${countOf(datagramsIn, "datagram")}, ${octetsText(octetsIn)}`,
    );
    const given = countOf(sum(delivered), "message");
    setText(
      byId("delivered-total", HTMLElement),
      `${given}, ${countOf(datagramsOut, "datagram")}, ${octetsText(octetsOut)}`,
    );
  }

  #showLoad(status: GatewayStatus): void {
    const { queued, queuedOctets, queuedOctetsMax, repeatedByClients, repeatedToClients, sessions, sessionsMax } =
      status;
    setText(byId("queued", HTMLElement), countText(queued));
    setText(byId("queued-octets", HTMLElement), `${octetsText(queuedOctets)} of ${octetsText(queuedOctetsMax)}`);
    setText(byId("repeated", HTMLElement), countText(repeatedByClients + repeatedToClients));
    const ways = `${countText(repeatedByClients)} by clients, ${countText(repeatedToClients)} to them`;
    setText(byId("repeated-ways", HTMLElement), ways);
    setText(byId("sessions", HTMLElement), countText(sessions));
    const memory = octetsText(status.process.residentOctets);
    setText(byId("sessions-max", HTMLElement), `of ${countText(sessionsMax)} at most; the process takes ${memory}`);
  }
}

function showRate(id: string, perSecond: number | undefined): void {
  setText(byId(id, HTMLElement), perSecond === undefined ? "–" : rateText(perSecond));
}

/** Limits that were reached, by the key of the configuration with which one changes them. */
function showLimits(reached: GatewayStatus["limitsReached"]): void {
  const list = byId("limits", HTMLUListElement);
  const entries = Object.entries(reached);
  byId("limits-tile", HTMLElement).hidden = entries.length === 0;
  const texts = entries.map(([key, count]) => `${key}: ${countOf(count, "time")}`);
  for (const [index, text] of texts.entries()) {
    const line = list.children[index] ?? list.appendChild(make("li"));
    setText(line, text);
  }
  while (list.childElementCount > texts.length) list.lastElementChild!.remove();
}

function sum(byQos: readonly number[]): number {
  return byQos.reduce((total, count) => total + count, 0);
}
