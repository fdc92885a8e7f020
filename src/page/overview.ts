/** The first page: the gateway, what is wrong, rates, the log, and the clients. */
import type { ClientList, GatewayStatus, History } from "../http/answers.ts";
import { Announcer } from "./announcer.ts";
import { ask } from "./api.ts";
import { AttentionList } from "./attention-list.ts";
import { byId } from "./by-id.ts";
import { ClientSearch } from "./client-search.ts";
import { ClientTable } from "./client-table.ts";
import { SORT_KEYS } from "./columns.ts";
import { GatewayClock } from "./gateway-clock.ts";
import { GatewayFigures } from "./gateway-figures.ts";
import { apiQuery, type ListQuery, listAddress, PAGE_SIZE, readListQuery } from "./list-query.ts";
import { LiveEvents } from "./live-events.ts";
import { LiveSign } from "./live-sign.ts";
import { LogList } from "./log-list.ts";
import { RateChart } from "./rate-chart.ts";

const LOG_LINES = 50;
/** Who needs a look is asked when somebody has gone, and now and then: silence grows by itself. */
const ATTENTION_EVERY_MS = 10_000;
const HISTORY_EVERY_MS = { "10m": 5000, "24h": 60_000 } as const;

let query: ListQuery = readListQuery(location.search, SORT_KEYS);
let status: GatewayStatus | undefined;
let startedAt = 0;
/** Somebody has asked for another list, and it is not there yet. */
let isListAsked = true;
/** When the list was shown last. */
let listAt = 0;
let lostBefore: number | undefined;
let goneBefore = "";

const clock = new GatewayClock();
const sign = new LiveSign();
const announcer = new Announcer();
const figures = new GatewayFigures();
const attention = new AttentionList();
const chart = new RateChart();
const log = new LogList(byId("log", HTMLElement), LOG_LINES);
const table = new ClientTable(byId("clients", HTMLTableElement), (sort, order) => change({ sort, order, page: 0 }));
const search = new ClientSearch((changed, isTyped) => change(changed, isTyped));

const now = (): number => clock.now();

function onGateway(next: GatewayStatus): void {
  // After an update of the gateway this is not its page any more.
  if (status !== undefined && status.version !== next.version) location.reload();
  status = next;
  startedAt = next.startedAt;
  clock.hear(next.now);
  document.title = `MQTT-SN gateway ${next.gatewayId}`;
  figures.show(next, now());
  log.show(next.log, now());
}

function onClients(list: ClientList): void {
  // The last page has gone, as clients went.
  if (list.clients.length === 0 && list.total > 0) {
    change({ page: Math.ceil(list.total / PAGE_SIZE) - 1 }, true);
    return;
  }
  if (isListAsked) {
    table.replace(list, now(), startedAt);
    if (query.search !== "" || query.states.length > 0) announcer.answer(`${list.total} clients fit.`);
  } else table.update(list, now(), startedAt);
  isListAsked = false;
  listAt = performance.now();
  byId("list", HTMLElement).removeAttribute("aria-busy");
  search.showCounts(list, query);
  mentionLost(list.states.lost);
  const { lost, refused, abandoned } = list.states;
  const gone = `${lost} ${refused} ${abandoned}`;
  if (gone !== goneBefore) void attention.ask(now(), startedAt);
  goneBefore = gone;
}

function mentionLost(lost: number): void {
  lostBefore ??= lost;
  const more = lost - lostBefore;
  if (more > 0 && !announcer.mention(`${more} more ${more === 1 ? "client is" : "clients are"} lost.`)) return;
  lostBefore = lost;
}

/** Shows another list. What is typed does not fill the browser's history letter by letter. */
function change(changed: Partial<ListQuery>, replacesAddress = false): void {
  query = { ...query, ...changed };
  const address = location.pathname + listAddress(query);
  if (replacesAddress) history.replaceState(null, "", address);
  else history.pushState(null, "", address);
  follow();
}

function follow(): void {
  search.showQuery(query);
  table.showOrder(query);
  isListAsked = true;
  byId("list", HTMLElement).setAttribute("aria-busy", "true");
  live.follow(streamPath());
}

function streamPath(): string {
  return `/api/stream?${apiQuery(query)}`;
}

let historyAskedAt = Number.NEGATIVE_INFINITY;
let range: History["range"] = "10m";

async function askHistory(): Promise<void> {
  historyAskedAt = performance.now();
  const answer = await ask<History>(`/api/history?range=${range}`);
  // Another range may have been chosen meanwhile.
  if (answer.ok && answer.value.range === range) await chart.show(answer.value);
}

for (const choice of document.querySelectorAll<HTMLInputElement>("input[name=range]")) {
  choice.addEventListener("change", () => {
    range = choice.value === "24h" ? "24h" : "10m";
    void askHistory();
  });
}

let seconds = 0;

/** What the gateway has just told needs no second look. */
const JUST_MS = 1500;

/** Times go on while nothing else happens; nothing is asked while nobody looks, or nobody answers. */
function onSecond(): void {
  if (document.hidden || !sign.isLive || status === undefined) return;
  seconds += 1;
  if (performance.now() - listAt > JUST_MS) table.refresh(now(), startedAt);
  figures.show(status, now());
  if ((seconds * 1000) % ATTENTION_EVERY_MS === 0) void attention.ask(now(), startedAt);
  if (performance.now() - historyAskedAt >= HISTORY_EVERY_MS[range]) void askHistory();
}

const live = new LiveEvents(
  streamPath(),
  { gateway: (data) => onGateway(data as GatewayStatus), clients: (data) => onClients(data as ClientList) },
  (isLive, answers) => sign.show(isLive, answers),
);
addEventListener("popstate", () => {
  query = readListQuery(location.search, SORT_KEYS);
  follow();
});
search.showQuery(query);
table.showOrder(query);
void askHistory();
void ask<GatewayStatus>("/api/gateway").then((answer) => answer.ok && onGateway(answer.value));
setInterval(onSecond, 1000);
