import type { ClientDetails } from "../http/answers.ts";
import { byId } from "./by-id.ts";
import { placeText } from "./client-address.ts";
import { clockText } from "./clock-text.ts";
import { countOf, countText } from "./count-text.ts";
import { diagnosis } from "./diagnosis.ts";
import { dueText } from "./due-text.ts";
import { durationText } from "./duration-text.ts";
import { FactList } from "./fact-list.ts";
import { Moment } from "./moment.ts";
import { octetsText } from "./octets-text.ts";
import { setText } from "./set-text.ts";
import { showRows } from "./show-rows.ts";
import { StateBadge } from "./state-badge.ts";
import { visibleText } from "./visible-text.ts";

const LINKS = {
  none: "none",
  opening: "being made",
  open: "open",
  renewing: "gone, and being made anew; the client does not notice",
} as const;

const TOPIC_ID_TYPES = { normal: "normal", predefined: "predefined", short: "short name" } as const;

/** All that is known of a client. */
export class ClientFacts {
  readonly #badge = new StateBadge();
  readonly #session = new FactList(byId("session", HTMLElement));
  readonly #traffic = new FactList(byId("traffic", HTMLElement));
  readonly #seen = new Moment();

  constructor() {
    byId("state", HTMLElement).append(this.#badge.element);
  }

  /** `now` and `startedAt`, when the gateway was started, are milliseconds since 1970. */
  show(client: ClientDetails, now: number, startedAt: number): void {
    this.#badge.show(client.state);
    setText(byId("due", HTMLElement), dueText(client, now));
    const found = diagnosis(client, now, startedAt);
    const place = byId("diagnosis", HTMLElement);
    setText(place, found?.text ?? "");
    place.dataset.severity = found?.severity ?? "";
    this.#showSession(client, now);
    this.#showTraffic(client);
    showTopics(client);
    showEvents(client, now);
  }

  #showSession(client: ClientDetails, now: number): void {
    const { state, durable, keepAliveSeconds, sleepSeconds, lostAt, link, parted, will } = client;
    const facts = this.#session;
    this.#seen.show(client.lastSeen, now);
    facts.show("Last seen", this.#seen.element);
    facts.show("Address", placeText(client));
    const gone = parted && `${parted.how} ${durationText(now - parted.at)} ago, at ${clockText(parted.at, now)}`;
    const why = parted && parted.reason !== "" ? `: ${visibleText(parted.reason)}` : "";
    facts.show(state === parted?.how ? "Gone" : "Gone last", gone === null ? "" : `${gone}${why}`);
    facts.show(state === parted?.how ? "Gone last" : "Gone", "");
    const expected = lostAt === null ? "" : `by ${clockText(lostAt, now)}, or it is taken for lost`;
    facts.show("Has to be heard", expected);
    facts.show("Keep alive", keepAliveSeconds === 0 ? "none" : durationText(keepAliveSeconds * 1000));
    facts.show("Sleeps for", sleepSeconds === 0 ? "" : durationText(sleepSeconds * 1000));
    facts.show("Session", durable ? "durable: kept while it is away" : "clean: gone when it goes");
    facts.show("Broker connection", LINKS[link]);
    const retained = will?.retain ? ", retained" : "";
    const willText = will && `${visibleText(will.topic)}, QoS ${will.qos}${retained}, ${countOf(will.octets, "octet")}`;
    facts.show("Will", willText ?? "none");
    facts.show("Connections begun", `${countText(client.connects)} since the gateway was started`);
  }

  #showTraffic(client: ClientDetails): void {
    const facts = this.#traffic;
    const queued = client.queued === 0 ? "0" : `${countText(client.queued)} (${octetsText(client.queuedOctets)})`;
    facts.show("Queued for it", queued);
    facts.show("Waits for the broker", countText(client.unanswered));
    facts.show("Wake-ups", countText(client.wakeUps));
    facts.show("Published", countText(client.published));
    facts.show("Delivered", countText(client.delivered));
    facts.show("Given up", countText(client.dropped));
    facts.show("Requests refused", countText(client.refused));
    facts.show("Sent again by it", countText(client.repeatedIn));
    facts.show("Sent again to it", countText(client.repeatedOut));
    facts.show("From it", `${countOf(client.datagramsIn, "datagram")}, ${octetsText(client.octetsIn)}`);
    facts.show("To it", `${countOf(client.datagramsOut, "datagram")}, ${octetsText(client.octetsOut)}`);
  }
}

function showTopics({ subscribed, topicIds }: ClientDetails): void {
  const subscriptions = subscribed.map(({ filter, qos, topicIdType, topicId }) => {
    const id = topicIdType === "short" || topicId === 0 ? "" : ` ${topicId}`;
    return [visibleText(filter), String(qos), `${TOPIC_ID_TYPES[topicIdType]}${id}`];
  });
  showRows(byId("subscriptions", HTMLTableSectionElement), subscriptions);
  byId("no-subscriptions", HTMLElement).hidden = subscribed.length > 0;
  const ids = topicIds.map(({ id, name, announced, suppressed }) => {
    const known = suppressed ? "refuses to know it" : announced ? "knows it" : "has not been told yet";
    return [String(id), visibleText(name), known];
  });
  showRows(byId("topic-ids", HTMLTableSectionElement), ids);
  byId("no-topic-ids", HTMLElement).hidden = topicIds.length > 0;
}

function showEvents({ events }: ClientDetails, now: number): void {
  const rows = events.map(({ at, event, id }) => [clockText(at, now), event, id === 0 ? "" : String(id)]);
  // The newest is looked for first.
  showRows(byId("events", HTMLTableSectionElement), rows.reverse());
  byId("no-events", HTMLElement).hidden = events.length > 0;
}
