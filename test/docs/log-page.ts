import type { LogLevel } from "../../src/app/configuration/log-level.ts";
import { LOG_EVENTS } from "../../src/app/log/log-events.ts";
import { noteLevel } from "../../src/app/log/note-levels.ts";
import { NOTES, type NoteFields, type NoteName } from "../../src/gateway/contract.ts";
import { NOTE_FIELDS } from "./note-fields.ts";

/** Fields that make some notes louder or quieter than they are otherwise. */
const TELLING: readonly NoteFields[] = [{}, { limit: "clients.max_buffered_bytes" }, { state: "awaiting broker" }];

interface Row {
  levels: readonly LogLevel[];
  meaning: string;
  fields: readonly string[];
}

/** docs/log.md, from the tables by which the gateway logs. */
export function logPage(): string {
  const notes = Object.fromEntries(Object.entries(NOTES).map(([name, meaning]) => [name, noteRow(name, meaning)]));
  return `<!-- Generated from src/app/log/log-events.ts, src/gateway/contract.ts and src/app/log/note-levels.ts by \`npm run docs\`. Change those, not this. -->

# Log and trace

## Lines

The gateway logs to standard output, a line an event. \`log.level\` says how much: \`error\`, \`warn\`, \`info\` (the default), \`debug\` or
\`trace\`; a reload (SIGHUP) takes it over. \`log.format\` is \`pretty\` on a terminal and \`json\` elsewhere:

\`\`\`json
{"level":"warn","time":"2026-11-22T12:48:05.849Z","event":"client.lost","clientId":"boiler","address":"10.0.0.7:50000","reason":"silent for longer than its keep alive"}
\`\`\`

- \`event\` is a name of the tables below. Names and fields stay as they are: programs may rely on them. New ones may come.
- \`time\` is in UTC, with milliseconds; \`level\` is a word; \`msg\`, where it is there, says the same for people, and may change.
- With \`address\` comes \`listener\` where there are several listeners. \`limit\` is the option whose limit was reached.
- Names that strangers choose are cut at 512 characters. Of each event there are a bounded number of lines a second; \`log.omitted\` says how
  many more there would have been.
- No password, key or token stands in a line, and no payload, but for \`message.in\` and \`message.out\` at \`trace\`, which show the first
  40 octets of it.

With systemd, \`journalctl -u mqtt-sn-gateway -o cat\` gives the lines as they are, for instance those of one client:

\`\`\`sh
journalctl -u mqtt-sn-gateway -o cat | jq -c 'select(.clientId == "boiler")'
\`\`\`

In Loki it is \`{unit="mqtt-sn-gateway.service"} | json | event="client.lost"\`; \`level\` is found by itself.

## Events of the gateway

${table(LOG_EVENTS)}

## Events of clients

${table(notes)}

## Every datagram, for Wireshark

\`--trace-file run.pcap\` (\`trace.file\`) writes every datagram that comes in, goes out, or goes to a discovery group, as it is on the wire,
with its payload: only its owner can read the file. MQTT-SN has no port of its own, so Wireshark has to be told that of the listener, in
"Decode As…" or on the command line, once for each listener:

\`\`\`sh
tshark -r run.pcap -d udp.port==1883,mqttsn
wireshark -r run.pcap -d udp.port==1883,mqttsn
\`\`\`

- A listener at all addresses (\`udp://0.0.0.0:1883\`) does not know to which of them a datagram was sent: in the file it is \`0.0.0.0\` or
  \`::\`. The IP headers are made up but for addresses, ports and lengths. What goes to a group on several interfaces is there once.
- What \`clients.allow\` or \`clients.deny\` keeps out is not in it.
- A file that would grow beyond \`trace.max_bytes\` (100 MiB), and one that is there at a start, is renamed to \`run.pcap.1\`; the one of before
  is deleted. Files that are no captures are left alone: the gateway then does not start. A file that is renamed or deleted is begun anew.
- What was recorded is on the disk a second later, and all of it at an orderly end. A disk that is full or too slow costs datagrams in the
  file, which the log tells of (\`trace.failed\`, \`trace.dropped\`), and never the gateway.
`;
}

function noteRow(name: string, meaning: string): Row {
  const note = (fields: NoteFields) => ({ type: "note" as const, name: name as NoteName, fields });
  const levels = [...new Set(TELLING.map((fields) => noteLevel(note(fields))))];
  return { levels, meaning, fields: NOTE_FIELDS[name as NoteName] };
}

function table(rows: Readonly<Record<string, Row>>): string {
  const lines = Object.entries(rows).map(([name, { levels, meaning, fields }]) => {
    const level = levels.length === 5 ? "any" : levels.join(", ");
    return `| \`${name}\` | ${level} | ${meaning} | ${fields.map((field) => `\`${field}\``).join(" ")} |`;
  });
  return ["| event | level | what has happened | fields |", "|---|---|---|---|", ...lines].join("\n");
}
