import { createPrivateKey, type KeyObject } from "node:crypto";

/** The key of a file; or what is wrong: with the passphrase, or with the file, after whose name it goes on. */
type PrivateKey = { key: KeyObject } | { problem: string; of: "file" | "passphrase" };

const PEM_KEY = /-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY-----/;
const IS_ENCRYPTED = /-----BEGIN ENCRYPTED PRIVATE KEY-----|Proc-Type: 4,ENCRYPTED/;

/** Reads a private key in PEM. Nothing of it shows in a problem. */
export function privateKey(text: string, passphrase: string | undefined): PrivateKey {
  if (!PEM_KEY.test(text)) {
    const seen = text.includes("-----BEGIN CERTIFICATE-----")
      ? "has a certificate in it, and no private key"
      : undefined;
    return { problem: seen ?? "has no private key in it: -----BEGIN PRIVATE KEY----- is looked for", of: "file" };
  }
  const isEncrypted = IS_ENCRYPTED.test(text);
  if (isEncrypted && passphrase === undefined) {
    return { problem: "is encrypted; set broker.key_passphrase_file too", of: "file" };
  }
  try {
    return { key: createPrivateKey({ key: text, ...(passphrase === undefined ? {} : { passphrase }) }) };
  } catch (error) {
    // An old way to encrypt that OpenSSL does not know any more.
    const isOld = (error as NodeJS.ErrnoException).code === "ERR_OSSL_UNSUPPORTED";
    if (!isEncrypted || isOld) return { problem: "has a private key in it that cannot be read", of: "file" };
    return { problem: "is not what broker.key is encrypted with", of: "passphrase" };
  }
}
