import type { Buffered } from "./buffered.ts";
import type { BrokerLimits, Instant, LinkId, NoteFields, NoteName } from "./contract.ts";
import type { Effects } from "./effects.ts";
import type { GatewayFigures } from "./gateway-figures.ts";
import type { KeptNames } from "./kept-names.ts";
import type { PredefinedTopics } from "./predefined-topics.ts";
import type { Reconnects } from "./reconnects.ts";
import type { Settings } from "./settings.ts";
import type { TopicIds } from "./topic-ids.ts";

/** What the sessions of one gateway share. */
export interface Context {
  readonly settings: Settings;
  readonly predefined: PredefinedTopics;
  readonly topicIds: TopicIds;
  readonly reconnects: Reconnects;
  readonly buffered: Buffered;
  readonly names: KeptNames;
  readonly figures: GatewayFigures;
  /** Where effects are collected while an event is handled. */
  readonly effects: Effects;
  /** When the event came that is being handled. */
  now: Instant;
  /** Octets of the datagram that is being handled, or was last. */
  octetsIn: number;
  /** The session at work has changed what a restart is to find of it. */
  changed: boolean;
  /** What the broker has told the gateway's own connection, or a client's, that it cannot do; undefined where it said nothing. */
  brokerLimits: BrokerLimits | undefined;
  /** A number for a new broker connection. */
  nextLink: LinkId;
}

/** Adds a note to the effects. */
export function note(context: Context, name: NoteName, fields: NoteFields): void {
  context.effects.add({ type: "note", name, fields });
}
