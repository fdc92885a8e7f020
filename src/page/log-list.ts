import type { LoggedEvent } from "../http/answers.ts";
import { clientAddress } from "./client-address.ts";
import { clockText, exactText } from "./clock-text.ts";
import { make } from "./make.ts";
import { visibleText } from "./visible-text.ts";

/** The last lines of the log, the newest at the top. Lines that are there stay the same nodes. */
export class LogList {
  readonly #list: HTMLElement;
  readonly #linesMax: number;
  readonly #ownClientId: string | undefined;
  /** The newest line that is shown; nothing that is older comes again. */
  #newest: LoggedEvent | undefined;

  /** Shows `linesMax` lines at most; on the page of `ownClientId` its name leads nowhere. */
  constructor(list: HTMLElement, linesMax: number, ownClientId?: string) {
    this.#list = list;
    this.#linesMax = linesMax;
    this.#ownClientId = ownClientId;
  }

  /** All lines that the gateway has, oldest first. */
  show(log: readonly LoggedEvent[], now: number): void {
    const known = this.#newest;
    const seen = known === undefined ? -1 : log.findLastIndex((line) => isSame(line, known));
    // None of those that are shown is among them: it is another log.
    if (seen === -1) this.#list.replaceChildren();
    for (const line of log.slice(seen + 1)) this.#list.prepend(lineElement(line, now, this.#ownClientId));
    while (this.#list.childElementCount > this.#linesMax) this.#list.lastElementChild!.remove();
    this.#newest = log.at(-1);
  }
}

function isSame(one: LoggedEvent, other: LoggedEvent): boolean {
  return one.at === other.at && one.name === other.name && one.message === other.message;
}

function lineElement(event: LoggedEvent, now: number, ownClientId: string | undefined): HTMLElement {
  const { at, level, name, message, clientId } = event;
  const line = make("li", `level-${level}`);
  const time = make("time", "", clockText(at, now));
  time.dateTime = new Date(at).toISOString();
  time.title = exactText(at);
  line.append(time, " ");
  if (level === "warn" || level === "error")
    line.append(make("strong", "level", level === "warn" ? "warning" : level), " ");
  line.append(make("code", "event", name), " ", messageElement(message, clientId === ownClientId ? null : clientId));
  return line;
}

/** The message, in which the client's name leads to its page. */
function messageElement(message: string, clientId: string | null): HTMLElement {
  const text = make("span", "message");
  text.dir = "auto";
  if (clientId === null) {
    text.textContent = visibleText(message);
    return text;
  }
  const link = make("a", "", visibleText(clientId));
  link.href = clientAddress(clientId);
  link.dir = "auto";
  const at = clientId === "" ? -1 : message.indexOf(clientId);
  if (at < 0) text.append(link, " ", visibleText(message));
  else text.append(shown(message.slice(0, at)), link, shown(message.slice(at + clientId.length)));
  return text;
}

function shown(part: string): string {
  return part === "" ? "" : visibleText(part);
}
