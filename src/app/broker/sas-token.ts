import { createHmac, type KeyObject } from "node:crypto";

/** What a shared access signature of Azure IoT Hub is made from. */
interface SasTokenParts {
  /** Host of the hub, and id of the device that the token is for. */
  hub: string;
  deviceId: string;
  /** The device's own key, or that of the policy. */
  key: KeyObject;
  /** The shared access policy that the key belongs to; undefined for the device's own. */
  policy: string | undefined;
  /** Until when it holds, in seconds since 1970. */
  expirySeconds: number;
}

/**
 * The password that Azure IoT Hub takes: what it is for and until when, signed (HMAC-SHA256). Also with the key of a policy it is for one
 * device alone.
 * https://learn.microsoft.com/azure/iot-hub/authenticate-authorize-sas
 */
export function sasToken({ hub, deviceId, key, policy, expirySeconds }: SasTokenParts): string {
  const resource = encoded(`${hub}/devices/${deviceId}`);
  const signature = createHmac("sha256", key).update(`${resource}\n${expirySeconds}`).digest("base64");
  const token = `SharedAccessSignature sr=${resource}&sig=${encoded(signature)}&se=${expirySeconds}`;
  return policy === undefined ? token : `${token}&skn=${encoded(policy)}`;
}

/** Percent-encoding of all that is not a letter, a digit or one of `-._~`: device ids may have the others that JavaScript leaves. */
function encoded(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** Whether a text can be a key of the hub: some octets in base64. */
export function isSasKey(text: string): boolean {
  return text !== "" && text.length % 4 === 0 && /^[A-Za-z0-9+/]+={0,2}$/.test(text);
}
