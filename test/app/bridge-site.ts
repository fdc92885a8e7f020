import { Bridge } from "../../src/app/bridge/bridge.ts";
import { loadConfiguration } from "../../src/app/configuration/configuration.ts";
import type { OptionKey, OptionValues } from "../../src/app/configuration/options.ts";
import { GatewayCounts } from "../../src/app/figures/gateway-counts.ts";
import { Log } from "../../src/app/log/log.ts";
import type { ClientView } from "../../src/gateway/client-view.ts";
import type { Note, NoteFields, NoteName } from "../../src/gateway/contract.ts";
import { GatewayFigures } from "../../src/gateway/gateway-figures.ts";
import { noStateCounts } from "../../src/gateway/state-counts.ts";

interface Published {
  topic: string;
  content: unknown;
  qos: number;
  retain: boolean;
}

export function valuesOf(flags: Partial<Record<OptionKey, string>>): OptionValues {
  const entries = Object.entries({ "state.path": "memory:", ...flags }) as [OptionKey, string][];
  const configuration = loadConfiguration({ flags: new Map(entries), environment: {} });
  if (!configuration.ok) throw new Error(configuration.problems.join("\n"));
  return configuration.values;
}

/** A bridge with nobody behind it; what it publishes is kept. */
export class BridgeSite {
  published: Published[] = [];
  readonly log: Record<string, unknown>[] = [];
  readonly states = noStateCounts();
  readonly figures = new GatewayFigures();
  /** How many more are taken. */
  room = Number.POSITIVE_INFINITY;
  /** The states of clients, by their ids. */
  readonly clients = new Map<string, ClientView["state"]>();
  onTry: (() => void) | undefined;
  readonly counts = new GatewayCounts();
  values: OptionValues;
  readonly bridge: Bridge;

  constructor(flags: Partial<Record<OptionKey, string>> = {}) {
    this.values = valuesOf(flags);
    const { figures, states } = this;
    this.bridge = new Bridge({
      gateway: {
        version: "1.2.3",
        startedAtMs: () => 0,
        values: () => this.values,
        listenerUrls: () => ["udp://127.0.0.1:1883"],
        brokerUrl: "mqtt://broker:1883",
      },
      counts: this.counts,
      core: {
        figures,
        buffered: { messages: 3, octets: 300 },
        stateCounts: states,
        detail: (clientId) => {
          const state = this.clients.get(clientId);
          return state && { state };
        },
      },
      publish: (topic, payload, { qos, retain }) => {
        this.onTry?.();
        if (this.room === 0) return false;
        this.room -= 1;
        const text = Buffer.from(payload).toString();
        this.published.push({ topic, content: text === "" ? "" : JSON.parse(text), qos, retain });
        return true;
      },
      log: new Log(
        { level: "info", format: "json", colour: false },
        { write: (line: string) => void this.log.push(JSON.parse(line)) },
      ),
    });
  }

  note(name: NoteName, clientId: string, more: NoteFields = {}): void {
    const note: Note = { type: "note", name, fields: { clientId, ...more } };
    this.bridge.note(note);
  }

  /** What has been published since it was last asked, except what every connection begins with. */
  news(): string[] {
    const news = this.published.map(
      ({ topic, content }) => `${topic} ${(content as { state?: string }).state ?? content}`,
    );
    this.published = [];
    return news.filter((line) => !line.startsWith("mqttsn/bridge/"));
  }

  content(topic: string): Record<string, never> {
    return this.published.findLast((each) => each.topic === topic)?.content as Record<string, never>;
  }
}
