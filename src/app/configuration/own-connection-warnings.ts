import { Credentials } from "../broker/credentials.ts";
import type { OptionValues } from "./options.ts";

/** Begins the client id of the gateway's own connection where nobody has given it one; something of chance comes after it. */
export const OWN_CLIENT_ID_PREFIX = "mqtt-sn-gateway-";

/** A sentence where the gateway's own connection shows other credentials at each start, which a broker can hardly know. */
export function ownConnectionWarnings(options: OptionValues): string[] {
  if (options["broker.own_client_id"] !== undefined) return [];
  const credentials = new Credentials(options, () => 0);
  const [one, other] = ["1", "2"].map((chance) => credentials.of(OWN_CLIENT_ID_PREFIX + chance));
  if (one!.username === other!.username && one!.password === other!.password) return [];
  return [
    `the gateway's own connection has another client id at each start, and by what is set it shows credentials that change with it; set broker.own_client_id to one that the broker knows, or give ${OWN_CLIENT_ID_PREFIX}* a username and a password in clients.credentials`,
  ];
}
