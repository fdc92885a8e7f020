import type { State } from "../../src/gateway/state.ts";
import { REACTIONS, TRANSITIONS } from "../../src/gateway/transitions.ts";
import type { MessageName } from "../../src/sn/msg-type.ts";

/** The columns, in the order in which a client goes through them; "lost" is as "disconnected". */
const COLUMNS: State[] = [
  "disconnected",
  "awaiting will topic",
  "awaiting will message",
  "awaiting broker",
  "active",
  "asleep",
  "awake",
];

/** docs/states.md, from the table that the gateway goes by. */
export function statesPage(): string {
  const names = Object.keys(TRANSITIONS) as MessageName[];
  const handled = names.filter((name) => TRANSITIONS[name].active !== "drop");
  const dropped = names.filter((name) => TRANSITIONS[name].active === "drop");
  const rows = handled.map((name) => {
    const row = TRANSITIONS[name] as Record<State, string>;
    return `| ${name} | ${COLUMNS.map((state) => row[state]).join(" | ")} |`;
  });
  const used = Object.entries(REACTIONS).map(([name, meaning]) => `| ${name} | ${meaning} |`);
  return `<!-- Generated from src/gateway/transitions.ts by \`npm run docs\`. Change that, not this. -->

# What a message does in each state

A client is in one of the five states of MQTT-SN 1.2 (§6.14) or in one of the three steps of a CONNECT. A client that is *lost*, or of
which the gateway knows nothing, is treated like a *disconnected* one. Letters with numbers are rules of the protocol, for which the
tests in \`test/gateway\` are named.

| message | ${COLUMNS.join(" | ")} |
|---|${COLUMNS.map(() => "---|").join("")}
${rows.join("\n")}

Dropped in every state, without an answer: ${dropped.join(", ")}.

| reaction | what happens |
|---|---|
${used.join("\n")}

A PUBLISH with QoS −1 and a PINGREQ with another client's id are not looked up in the table: the first is no message of a session, the
second is answered like a stranger's and changes nothing.
`;
}
