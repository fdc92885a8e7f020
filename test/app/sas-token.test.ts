import { createSecretKey } from "node:crypto";
import { describe, expect, test } from "vitest";
import { isSasKey, sasToken } from "../../src/app/broker/sas-token.ts";

const KEY = "dGhlIGtleSBvZiBhIGRldmljZSwgMzIgb2N0ZXRzISE=";

function token(deviceId: string, policy?: string): string {
  const key = createSecretKey(KEY, "base64");
  return sasToken({ hub: "plant.azure-devices.net", deviceId, key, policy, expirySeconds: 1_800_000_000 });
}

/*
 * Computed with Python:
 *
 *   from base64 import b64decode, b64encode; from hmac import digest; from urllib.parse import quote
 *   sr = quote("plant.azure-devices.net/devices/boiler", safe="")
 *   sig = b64encode(digest(b64decode(KEY), (sr + "\n1800000000").encode(), "sha256")); print(quote(sig, safe=""))
 */
describe("a SAS token", () => {
  test("is signed over the device and the time until which it holds", () => {
    expect(token("boiler")).toBe(
      "SharedAccessSignature sr=plant.azure-devices.net%2Fdevices%2Fboiler&sig=w8nO8%2B4KAeLAjGLQ2VZ2vbHsezqU0w%2BUS7M0S%2B3cpQg%3D&se=1800000000",
    );
  });

  test("made with the key of a policy names it, and is for the one device all the same", () => {
    expect(token("boiler", "device")).toBe(`${token("boiler")}&skn=device`);
  });

  test("has every character encoded that may mean something in it", () => {
    expect(token("a+b(c)*'!:#%")).toContain(
      "sr=plant.azure-devices.net%2Fdevices%2Fa%2Bb%28c%29%2A%27%21%3A%23%25&sig=PEKJre%2BVSUTzQAoAU77kvAHdupHO1APcnU6bXnk3BX8%3D&",
    );
  });
});

test.each([
  [KEY, true],
  ["YQ==", true],
  ["", false],
  ["YQ=", false],
  ["not base64!!", false],
  ["YQ==\n", false],
])("%j as a key: %s", (text, isKey) => {
  expect(isSasKey(text)).toBe(isKey);
});
