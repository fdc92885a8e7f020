import { createSecretKey, type KeyObject } from "node:crypto";
import { fitsPattern } from "../../gateway/client-id-pattern.ts";
import { expandTemplate } from "../../gateway/template.ts";
import { parseBrokerUrl } from "../../mqtt/broker-url.ts";
import type { LinkCredentials } from "../../mqtt/link-credentials.ts";
import type { CredentialEntry } from "../configuration/credential-entries.ts";
import type { OptionValues } from "../configuration/options.ts";
import { sasToken } from "./sas-token.ts";

/** What somebody shows to the broker: a user name, and a password or what it is made from. Both are templates over the client id. */
interface Shown {
  username: string | undefined;
  password: string | undefined;
  sasKey: KeyObject | undefined;
  sasPolicy: string | undefined;
}

/**
 * What each client shows to the broker, and the gateway's own connection, by its client id: that of the entry in `clients.credentials` with just
 * this id, else of the first one whose pattern fits, else what `broker.username` and `broker.password` say, or the URL of the broker. An
 * entry with a user name stands for itself; one with a password alone goes with the user name of all.
 */
export class Credentials {
  readonly #ofClient = new Map<string, Shown>();
  readonly #ofPattern: { pattern: string; shown: Shown }[] = [];
  readonly #ofAll: Shown;
  readonly #host: string;
  readonly #sasLifetimeMs: number;
  readonly #nowMs: () => number;

  /** `nowMs` is the time of day, in milliseconds since 1970. */
  constructor(options: OptionValues, nowMs: () => number = Date.now) {
    const broker = parseBrokerUrl(options["broker.url"]);
    const url = "host" in broker ? broker : undefined;
    this.#host = url?.host ?? "";
    this.#sasLifetimeMs = options["broker.sas_lifetime"];
    this.#nowMs = nowMs;
    const username = options["broker.username"] ?? url?.username;
    const sasKey = keyOf(options["broker.sas_key"]);
    const password = options["broker.password"] ?? url?.password;
    this.#ofAll = { username, password, sasKey, sasPolicy: options["broker.sas_policy"] };
    for (const entry of options["clients.credentials"] ?? []) {
      const shown = {
        username: entry.username ?? username,
        password: entry.password,
        sasKey: keyOf(entry.sas_key),
        sasPolicy: undefined,
      };
      if (isPattern(entry)) this.#ofPattern.push({ pattern: entry.client, shown });
      else this.#ofClient.set(entry.client, shown);
    }
  }

  /** What the connection of this client shows if it is made now. */
  of(clientId: string): LinkCredentials {
    const shown = this.#shownBy(clientId);
    const username = shown.username === undefined ? undefined : expandTemplate(shown.username, clientId);
    if (shown.sasKey === undefined) {
      const password = shown.password === undefined ? undefined : expandTemplate(shown.password, clientId);
      return { username, password };
    }
    const password = sasToken({
      hub: this.#host,
      deviceId: clientId,
      key: shown.sasKey,
      policy: shown.sasPolicy,
      expirySeconds: Math.ceil((this.#nowMs() + this.#sasLifetimeMs) / 1000),
    });
    return { username, password, expiresInMs: this.#sasLifetimeMs };
  }

  #shownBy(clientId: string): Shown {
    const own = this.#ofClient.get(clientId);
    if (own !== undefined) return own;
    return this.#ofPattern.find(({ pattern }) => fitsPattern(pattern, clientId))?.shown ?? this.#ofAll;
  }
}

function isPattern({ client }: CredentialEntry): boolean {
  return client.includes("*");
}

function keyOf(base64: string | undefined): KeyObject | undefined {
  return base64 === undefined ? undefined : createSecretKey(base64, "base64");
}
