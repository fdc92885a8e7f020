import { createHmac } from "node:crypto";
import { certificateFile } from "../certificates/certificate.ts";
import type { CaseRow } from "./case-rows.ts";
import { Mosquitto } from "./mosquitto.ts";
import type { Habit } from "./quirk-habit.ts";
import { endsAtQos2, endsAtRetained, grantsAtMost, keepAliveAtMost, letsIn, subscribesAtMost } from "./quirk-habits.ts";
import { keepsSessionsFor, packetsOfAtMost, qosAtMost, receivesAtMost } from "./quirk-mqtt5-habits.ts";
import { QuirkProxy } from "./quirk-proxy.ts";
import type { GatewayOptions, Target } from "./target.ts";

const USER = { username: "gateway", password: "correct horse" } as const;
const LOGIN: GatewayOptions = { "broker.username": USER.username, "broker.password": USER.password };
const CERTIFICATE: GatewayOptions = {
  "broker.cert": certificateFile("client.pem"),
  "broker.key": certificateFile("client.key"),
};

/** The key of the hub's shared access policy. */
const SAS_KEY = Buffer.from("a key that everybody may know").toString("base64");

/** What these habits can touch. The rest is the gateway's and a Mosquitto's, whatever stands between them. */
const ROWS: readonly CaseRow[] = [
  ...(["publish-0", "publish-1", "publish-2", "publish-minus-1"] as const),
  ...(["deliver-1", "deliver-2", "deliver-lower", "retained", "wills", "will-updates", "durable"] as const),
];

interface Cloud extends Pick<Target, "name" | "title" | "head" | "abilities" | "cannot"> {
  habits: () => readonly Habit[];
  options: GatewayOptions;
}

/** What is known of a broker in the cloud, played before a Mosquitto. */
function cloud({ habits, options, ...target }: Cloud): Target {
  return {
    ...target,
    table: "others",
    missing: () =>
      Mosquitto.isInstalled
        ? undefined
        : "Mosquitto is not installed (on Debian: apt-get install mosquitto mosquitto-clients)",
    requiredBy: "REQUIRE_MOSQUITTO",
    rowsInTests: ROWS,
    start: async (atEnd) => {
      const mosquitto = await Mosquitto.start(atEnd, { persistence: true });
      const proxy = await QuirkProxy.before(mosquitto.port, habits(), atEnd, true);
      return {
        version: `Mosquitto ${mosquitto.version}`,
        options: { "broker.url": proxy.url, "broker.ca": certificateFile("ca.pem"), ...options },
        peer: { url: mosquitto.url },
      };
    },
  };
}

const knowsUser = letsIn(({ username, password }) => username === USER.username && password === USER.password);

export const AS_AWS_IOT = cloud({
  name: "as-aws-iot",
  title: "as AWS IoT Core",
  head: "as AWS",
  habits: () => [
    keepAliveAtMost(1200),
    qosAtMost(1),
    subscribesAtMost(8, 50),
    receivesAtMost(100),
    packetsOfAtMost(149_504),
    keepsSessionsFor(3600),
  ],
  options: { "broker.profile": "aws-iot", ...CERTIFICATE },
  abilities: { maxQos: 1 },
});

/** But for the topics: its own are not those of the cases. */
export const AS_AZURE_IOT_HUB = cloud({
  name: "as-azure-iot-hub",
  title: "as Azure IoT Hub, but for its topics",
  head: "as Azure",
  habits: () => [
    letsIn(({ clientId, username, password }) => {
      return username === `localhost/${clientId}/?api-version=2021-04-12` && isSasToken(password);
    }),
    keepAliveAtMost(1177),
    endsAtQos2,
    endsAtRetained,
    grantsAtMost(1),
  ],
  options: {
    "broker.profile": "azure-iot-hub",
    "broker.sas_key": SAS_KEY,
    "broker.sas_policy": "gateway",
    "broker.own_client_id": "the-gateway",
  },
  abilities: { maxQos: 1, retained: "to nobody" },
});

export const AS_ADAFRUIT_IO = cloud({
  name: "as-adafruit-io",
  title: "as Adafruit IO",
  head: "as Adafruit",
  habits: () => [knowsUser, endsAtQos2, endsAtRetained, grantsAtMost(1)],
  options: { "broker.profile": "adafruit-io", ...LOGIN },
  abilities: { maxQos: 1, retained: "to nobody" },
});

export const AS_HIVEMQ_CLOUD = cloud({
  name: "as-hivemq-cloud",
  title: "as HiveMQ Cloud",
  head: "as HiveMQ",
  habits: () => [knowsUser, receivesAtMost(10), packetsOfAtMost(5_242_880)],
  options: { "broker.profile": "hivemq-cloud", ...LOGIN },
});

/** Whether it is signed with the key of the policy, for this hub or a device of it, and holds at the moment. */
function isSasToken(token: string): boolean {
  const [scheme, fields = ""] = token.split(" ");
  const { sr, sig, se, skn } = Object.fromEntries(new URLSearchParams(fields)) as Record<string, string>;
  if (scheme !== "SharedAccessSignature" || sr === undefined || skn !== "gateway") return false;
  const signed = `${encodeURIComponent(sr)}\n${se}`;
  const signature = createHmac("sha256", Buffer.from(SAS_KEY, "base64")).update(signed).digest("base64");
  return sig === signature && Number(se) * 1000 > Date.now() && /^localhost(\/devices\/|$)/.test(sr);
}
