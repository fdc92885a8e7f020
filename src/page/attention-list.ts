import type { ClientList, ClientSummary } from "../http/answers.ts";
import { ask } from "./api.ts";
import { byId } from "./by-id.ts";
import { clientAddress } from "./client-address.ts";
import { type Diagnosis, diagnosis } from "./diagnosis.ts";
import { make } from "./make.ts";
import { setText } from "./set-text.ts";
import { StateBadge } from "./state-badge.ts";
import { visibleText } from "./visible-text.ts";

/** So many are shown; the list below has them all. */
const SHOWN_MAX = 8;

/** Which clients are looked at: those that went last, those that are next to be lost, those that are refused and repeat most. */
const QUESTIONS = [
  "state=lost,refused,abandoned&sort=lastSeen&order=desc",
  "state=active,asleep,awake,connecting&sort=lostAt&order=asc",
  "state=active,asleep,awake&sort=refused&order=desc",
  "state=active,asleep,awake&sort=repeatedIn&order=desc",
  "state=active,asleep,awake&sort=repeatedOut&order=desc",
] as const;

const LIMIT = 20;

/** Clients that somebody should look at, worst first, whatever the list below shows. */
export class AttentionList {
  readonly #list = byId("attention-list", HTMLUListElement);
  readonly #note = byId("attention-note", HTMLElement);
  readonly #lines = new Map<string, { element: HTMLLIElement; badge: StateBadge; text: HTMLElement }>();
  #isAsking = false;

  /** Asks which they are. `now` and `startedAt`, when the gateway was started, are milliseconds since 1970. */
  async ask(now: number, startedAt: number): Promise<void> {
    if (this.#isAsking) return;
    this.#isAsking = true;
    const answers = await Promise.all(
      QUESTIONS.map((query) => ask<ClientList>(`/api/clients?${query}&offset=0&limit=${LIMIT}`)),
    );
    this.#isAsking = false;
    const clients = new Map<string, ClientSummary>();
    for (const answer of answers) {
      if (!answer.ok) return;
      for (const client of answer.value.clients) clients.set(client.clientId, client);
    }
    this.#show([...clients.values()], now, startedAt);
  }

  #show(clients: readonly ClientSummary[], now: number, startedAt: number): void {
    const found: { client: ClientSummary; said: Diagnosis }[] = [];
    for (const client of clients) {
      const said = diagnosis(client, now, startedAt);
      if (said !== undefined) found.push({ client, said });
    }
    const bad = found.filter(({ said }) => said.severity === "bad");
    const shown = [...bad, ...found.filter(({ said }) => said.severity === "odd")].slice(0, SHOWN_MAX);
    const kept = new Set(shown.map(({ client }) => client.clientId));
    for (const [clientId, { element }] of this.#lines) {
      if (kept.has(clientId)) continue;
      element.remove();
      this.#lines.delete(clientId);
    }
    for (const { client, said } of shown) {
      const line = this.#line(client.clientId);
      line.badge.show(client.state);
      line.element.dataset.severity = said.severity;
      setText(line.text, said.text);
    }
    const more = found.length - shown.length;
    setText(this.#note, shown.length === 0 ? "Nothing is wrong that the gateway can see." : moreText(more));
    byId("attention", HTMLElement).dataset.state = shown.length === 0 ? "good" : "bad";
  }

  #line(clientId: string) {
    const known = this.#lines.get(clientId);
    if (known !== undefined) return known;
    const element = make("li");
    const badge = new StateBadge();
    const link = make("a", "", visibleText(clientId));
    link.href = clientAddress(clientId);
    link.dir = "auto";
    const text = make("span", "said");
    element.append(badge.element, link, text);
    this.#list.append(element);
    const line = { element, badge, text };
    this.#lines.set(clientId, line);
    return line;
  }
}

function moreText(more: number): string {
  return more <= 0 ? "" : `${more} more: see the clients that are lost, refused or unfinished below.`;
}
