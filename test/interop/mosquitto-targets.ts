import { Mosquitto, type MosquittoOptions } from "./mosquitto.ts";
import type { GatewayOptions, Target } from "./target.ts";

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

interface Flavour {
  options?: GatewayOptions;
  mosquitto?: MosquittoOptions;
}

/** Mosquitto over TCP. */
function flavour(name: string, title: string, { options, mosquitto: started }: Flavour = {}): Target {
  const user = started?.users === undefined ? undefined : GATEWAY;
  const login = user && { "broker.username": user.username, "broker.password": user.password };
  return {
    name,
    title,
    missing: () => (Mosquitto.isInstalled ? undefined : MISSING),
    requiredBy: "REQUIRE_MOSQUITTO",
    start: async (atEnd) => {
      const mosquitto = await Mosquitto.start(atEnd, { persistence: true, ...started });
      return {
        version: `Mosquitto ${mosquitto.version}`,
        options: { "broker.url": mosquitto.url, ...login, ...options },
        peer: { url: mosquitto.url, options: { ...user } },
        ...(user && { accounts: { ada: ADA, bob: BOB } }),
        restart: {
          stop: () => mosquitto.stop("SIGTERM"),
          start: () => mosquitto.start(),
          keepsSessions: true,
        },
      };
    },
  };
}

const MISSING = "Mosquitto is not installed (on Debian: apt-get install mosquitto mosquitto-clients)";

export const MOSQUITTO_3_1_1 = flavour("mosquitto", "Mosquitto, MQTT 3.1.1");

// With MQTT 3.1.1 there is no way to tell who publishes; and a subscription is not looked at before there are messages for it.
export const MOSQUITTO_ACCESS: Target = {
  ...flavour("mosquitto-access", "Mosquitto, users and access rules", { mosquitto: ACCOUNTS }),
  abilities: { deniedPublish: "silent", deniedSubscribe: "silent" },
};
