import { readFileSync } from "node:fs";
import { certificateFile } from "../certificates/certificate.ts";
import type { AtEnd } from "../process/gateway-process.ts";
import { Mosquitto, type MosquittoOptions } from "./mosquitto.ts";
import type { GatewayOptions, PeerAccess, Target } from "./target.ts";
import { websocketFront } from "./websocket-front.ts";

const MISSING = "Mosquitto is not installed (on Debian: apt-get install mosquitto mosquitto-clients)";

const ADA = { username: "ada", password: "lovelace" } as const;
const BOB = { username: "bob", password: "the builder" } as const;
/** May do anything: the gateway's own, and that of the MQTT clients of the cases. */
const GATEWAY = { username: "gateway", password: "correct horse" } as const;

const ACCOUNTS: MosquittoOptions = {
  users: [ADA, BOB, GATEWAY],
  accessRules: [
    ...["user gateway", "topic readwrite #"],
    ...["user ada", "topic readwrite ada/#"],
    ...["user bob", "topic readwrite bob/#"],
  ],
};

const CA = certificateFile("ca.pem");
const BROKER_TLS = { ca: CA, cert: certificateFile("broker.pem"), key: certificateFile("broker.key") };
const CLIENT_TLS = { ca: CA, cert: certificateFile("client.pem"), key: certificateFile("client.key") };

interface Flavour {
  mosquitto?: MosquittoOptions;
  /** Besides broker.url, and the user where there are any. */
  options?: GatewayOptions;
  /** Where the gateway finds it, other than the MQTT clients of the cases. */
  front?: (mosquitto: Mosquitto, atEnd: AtEnd) => Promise<{ url: string }>;
}

/** Mosquitto in one of the ways that it is set up. */
function flavour(
  name: string,
  head: string,
  title: string,
  { mosquitto: options, options: gateway, front }: Flavour = {},
): Target {
  const user = options?.users === undefined ? undefined : GATEWAY;
  const login = user && { "broker.username": user.username, "broker.password": user.password };
  return {
    name,
    title: `Mosquitto, ${title}`,
    table: "mosquitto",
    head,
    missing: () => (Mosquitto.isInstalled ? undefined : MISSING),
    requiredBy: "REQUIRE_MOSQUITTO",
    start: async (atEnd) => {
      const mosquitto = await Mosquitto.start(atEnd, { persistence: true, ...options });
      const { url } = front === undefined ? mosquitto : await front(mosquitto, atEnd);
      return {
        version: mosquitto.version,
        options: { "broker.url": url, ...login, ...gateway },
        peer: { url: mosquitto.url, options: { ...user, ...(options?.tls && peerTls()) } },
        ...(user && { accounts: { ada: ADA, bob: BOB } }),
        restart: { stop: () => mosquitto.stop("SIGTERM"), start: () => mosquitto.start() },
      };
    },
  };
}

function peerTls(): PeerAccess["options"] {
  const { ca, cert, key } = CLIENT_TLS;
  return { ca: readFileSync(ca), cert: readFileSync(cert), key: readFileSync(key) };
}

export const MOSQUITTO = flavour("mosquitto", "plain", "MQTT 3.1.1");

// With MQTT 3.1.1 there is no way to tell who publishes; and a subscription is not looked at before there are messages for it.
export const MOSQUITTO_ACCESS: Target = {
  ...flavour("mosquitto-access", "users", "users and access rules", { mosquitto: ACCOUNTS }),
  abilities: { deniedPublish: "silent", deniedSubscribe: "silent" },
};

export const MOSQUITTO_5: Target = {
  ...flavour("mosquitto-5", "5, users", "MQTT 5, users and access rules", {
    mosquitto: ACCOUNTS,
    options: { "broker.version": 5 },
  }),
  abilities: { deniedSubscribe: "silent" },
};

export const MOSQUITTO_TLS = flavour("mosquitto-tls", "TLS", "TLS with client certificates", {
  mosquitto: { tls: BROKER_TLS },
  options: { "broker.ca": CLIENT_TLS.ca, "broker.cert": CLIENT_TLS.cert, "broker.key": CLIENT_TLS.key },
});

export const MOSQUITTO_WS = flavour("mosquitto-ws", "WebSocket", "behind WebSocket", {
  front: ({ port }, atEnd) => websocketFront(port, atEnd),
});

export const MOSQUITTO_WSS = flavour("mosquitto-wss", "5, WSS", "MQTT 5, behind WebSocket over TLS", {
  options: { "broker.version": 5, "broker.ca": CA },
  front: ({ port }, atEnd) => websocketFront(port, atEnd, BROKER_TLS),
});
