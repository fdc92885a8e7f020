import type { LogLevel } from "../configuration/log-level.ts";

/** A kind of line of the log that is not a note of the core. */
interface EventEntry {
  /** How loud it is; the first is the usual one, where there are several. */
  levels: readonly [LogLevel, ...LogLevel[]];
  /** Names of what comes with it; not each comes each time. Nothing of it may be a secret, or a payload below `trace`. */
  fields: readonly string[];
  meaning: string;
}

const EVERY_LEVEL = ["trace", "debug", "info", "warn", "error"] as const;

/**
 * Every event that the log tells of besides the notes of the core (NOTES in src/gateway/contract.ts). Names and fields are stable: programs
 * read them. A name that is not here is a type error; docs/log.md is made from this.
 */
export const LOG_EVENTS = {
  "gateway.started": {
    levels: ["info"],
    fields: ["version", "node", "listeners", "broker"],
    meaning: "the gateway has started; it may still be waiting for the broker",
  },
  "gateway.ready": {
    levels: ["info"],
    fields: [],
    meaning: "clients are let in, and the broker has been reached for the first time",
  },
  "gateway.stopping": { levels: ["info"], fields: ["signal"], meaning: "a signal asked the gateway to stop" },
  "gateway.stopped": { levels: ["info"], fields: [], meaning: "everything is closed; the process ends" },
  "gateway.open-files": {
    levels: ["warn"],
    fields: ["clientsMax", "filesMax"],
    meaning: "fewer files may be open than connections to the broker for all clients of clients.max need",
  },
  "gateway.failed": {
    levels: ["error"],
    fields: ["code", "reason", "seed"],
    meaning: "the gateway could not start, or an error that nobody caught ends it; the process ends with exit code 1",
  },
  "service.notice-failed": {
    levels: ["warn"],
    fields: ["reason"],
    meaning: "the service manager could not be told how the gateway is",
  },
  "clock.stalled": {
    levels: ["warn"],
    fields: ["seconds"],
    meaning: "the process did not run for so long; clients are not taken for lost for that time",
  },
  "configuration.warning": {
    levels: ["warn"],
    fields: [],
    meaning: "something in the configuration works, and hardly as it was meant",
  },
  "reload.done": {
    levels: ["info"],
    fields: ["changed"],
    meaning: "the configuration was read again; the options in changed hold from now on",
  },
  "reload.restart-needed": {
    levels: ["warn"],
    fields: ["keys"],
    meaning: "these options have changed too, and only a restart takes them over",
  },
  "reload.rules-gone": {
    levels: ["warn"],
    fields: ["key"],
    meaning:
      "after a reload clients.allow or clients.deny has no rules any more; perhaps a file was read that was half written",
  },
  "reload.failed": {
    levels: ["error"],
    fields: ["problems"],
    meaning: "the configuration that was read again is wrong; nothing has changed",
  },
  "listener.started": {
    levels: ["info"],
    fields: ["url", "receiveBufferBytes"],
    meaning: "SN clients come in here",
  },
  "listener.buffer": {
    levels: ["info", "warn"],
    fields: ["url", "receiveBufferBytes"],
    meaning: "the receive buffer is smaller than was asked for; a warning where messages will be lost",
  },
  "listener.error": {
    levels: ["warn"],
    fields: ["reason"],
    meaning: "a datagram could not be sent or received; once a second at most",
  },
  "source.refused": {
    levels: ["info"],
    fields: ["address", "refused"],
    meaning: "datagrams of a source that clients.allow or clients.deny keeps out; once a second at most",
  },
  "discovery.joined": {
    levels: ["info", "debug"],
    fields: ["group", "interface", "listener"],
    meaning: "clients on this interface find the listener by this group",
  },
  "discovery.left": {
    levels: ["info", "debug"],
    fields: ["group", "interface", "listener"],
    meaning: "an interface has gone, and the listener has left the group there",
  },
  "discovery.problem": {
    levels: ["warn", "debug"],
    fields: ["group", "interface", "listener", "reason"],
    meaning: "a group cannot be joined or sent to; debug where a moment of waiting repairs it",
  },
  "discovery.no-group": {
    levels: ["warn"],
    fields: ["listener"],
    meaning: "no group of discovery.groups is for this listener: clients do not find it by themselves",
  },
  "discovery.interface-missing": {
    levels: ["warn"],
    fields: ["interface"],
    meaning: "an interface of discovery.interfaces is not there; it is used as soon as it comes",
  },
  "broker.reachable": {
    levels: ["info"],
    fields: ["url", "outageMs"],
    meaning: "the broker is there, or there again after an outage",
  },
  "broker.unreachable": {
    levels: ["warn"],
    fields: ["url", "reason"],
    meaning: "the gateway's own connection to the broker failed or ended; it keeps trying",
  },
  "broker.version": {
    levels: ["warn"],
    fields: ["url", "version", "reason"],
    meaning: "the broker does not speak MQTT 5; the gateway goes on with MQTT 3.1.1",
  },
  "broker.limits": {
    levels: ["info"],
    fields: ["url", "limits"],
    meaning: "what the broker said that it cannot do",
  },
  "session.erased": {
    levels: ["info"],
    fields: ["clientId"],
    meaning: "a client was sent away for good, and the broker keeps nothing for it any more either",
  },
  "session.not-erased": {
    levels: ["warn"],
    fields: ["clientId", "reason"],
    meaning: "a client was sent away for good, and the broker still keeps what it has for it",
  },
  "http.started": {
    levels: ["info"],
    fields: ["url"],
    meaning: "the status page, the API and metrics are served here",
  },
  "http.unavailable": {
    levels: ["warn"],
    fields: ["place", "reason"],
    meaning: "they cannot be served there; the gateway works without them, and tries again every 10 s",
  },
  "http.wrong-token": {
    levels: ["warn"],
    fields: ["address", "count"],
    meaning: "somebody has shown a wrong token, so often since it was told last; once a minute at most",
  },
  "http.failed": {
    levels: ["error"],
    fields: ["reason"],
    meaning: "a request could not be answered; a bug of ours. The gateway goes on",
  },
  "tls.certificate": {
    levels: ["warn"],
    fields: [],
    meaning: "a certificate for the broker has expired or soon will; once a day",
  },
  "embedded.started": { levels: ["info"], fields: ["url"], meaning: "the embedded broker takes MQTT clients in" },
  "embedded.error": { levels: ["warn"], fields: ["reason"], meaning: "something went wrong in the embedded broker" },
  "bridge.will-refused": {
    levels: ["warn"],
    fields: ["topic", "reason"],
    meaning: "the broker takes the gateway's own connection only without its will: bridge/state may stay online",
  },
  "bridge.refused": {
    levels: ["warn"],
    fields: ["topic", "reason"],
    meaning: "the broker refuses what the gateway tells of itself; told once",
  },
  "bridge.given-up": {
    levels: ["warn"],
    fields: ["topic"],
    meaning: "the broker ends the connection for what the gateway tells of itself: nothing is told there any more",
  },
  "bridge.client-unnamed": {
    levels: ["warn"],
    fields: ["clientId"],
    meaning: "a client's id cannot stand in a topic: its availability is not told, nor that of others like it",
  },
  "state.opened": {
    levels: ["info"],
    fields: ["path", "sessions"],
    meaning: "sessions are kept there; so many are there from before",
  },
  "state.set-aside": {
    levels: ["warn"],
    fields: ["path", "aside", "reason"],
    meaning: "what was kept cannot be used; it was put aside, and the gateway starts without it",
  },
  "state.damaged": {
    levels: ["warn"],
    fields: ["path", "aside", "octets"],
    meaning: "the last changes that were kept cannot be read, as after a power cut; the gateway starts with the rest",
  },
  "state.unreadable": {
    levels: ["warn"],
    fields: ["path", "clientId", "reason", "count"],
    meaning: "what was kept of a client, or of so many more, cannot be read; these have to connect again",
  },
  "state.unsaved": {
    levels: ["error", "warn"],
    fields: ["path", "reason"],
    meaning: "sessions cannot be saved; the gateway keeps trying. A warning where the end left no time for it",
  },
  "state.saved": { levels: ["info"], fields: ["path"], meaning: "sessions are saved again" },
  "state.failed": {
    levels: ["error"],
    fields: ["clientId", "reason"],
    meaning: "a session could not be saved; a bug of ours",
  },
  "log.omitted": {
    levels: EVERY_LEVEL,
    fields: ["of", "count"],
    meaning: "so many more lines of that event were left out, as there were too many in one second",
  },
  "message.in": {
    levels: ["trace"],
    fields: ["address", "listener", "message"],
    meaning: "an MQTT-SN message came in: in words, with the beginning of its payload",
  },
  "message.out": {
    levels: ["trace"],
    fields: ["address", "listener", "message"],
    meaning: "the same of one that went out",
  },
  "trace.started": {
    levels: ["info"],
    fields: ["path"],
    meaning: "every datagram is written to trace.file from now on",
  },
  "trace.failed": {
    levels: ["warn"],
    fields: ["path", "reason"],
    meaning: "trace.file cannot be written to; the gateway goes on without it, and tries again",
  },
  "trace.resumed": {
    levels: ["info"],
    fields: ["path", "lost"],
    meaning: "trace.file is written to again; so many datagrams are not in it",
  },
  "trace.dropped": {
    levels: ["warn"],
    fields: ["path", "count"],
    meaning: "the disk is slower than the traffic: so many datagrams are not in trace.file",
  },
} as const satisfies Record<string, EventEntry>;
