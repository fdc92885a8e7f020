import { X509Certificate } from "node:crypto";

/** The certificates of a file, in their order, of which there is one at least; or what is wrong with it: goes on after its name. */
type PemCertificates = { certificates: X509Certificate[] } | { problem: string };

const PEM_BLOCK = /-----BEGIN ((?:X509 |TRUSTED )?CERTIFICATE)-----[^-]*-----END \1-----/g;

/** What the first octet of a certificate in binary form (DER) is: that of a sequence. */
const DER_BEGIN = "\x30";

/** Reads certificates in PEM. What stands between them is passed over, as OpenSSL does. */
export function pemCertificates(text: string): PemCertificates {
  const certificates: X509Certificate[] = [];
  for (const [block] of text.matchAll(PEM_BLOCK)) {
    try {
      certificates.push(new X509Certificate(block));
    } catch {
      // What OpenSSL says of it tells nobody anything.
      return { problem: `has a damaged certificate in it: the one that is number ${certificates.length + 1}` };
    }
  }
  if (certificates.length > 0) return { certificates };
  if (text.startsWith(DER_BEGIN)) {
    return { problem: "is not PEM, but perhaps DER; convert it: openssl x509 -inform der -in FILE -out FILE.pem" };
  }
  if (text.includes("-----BEGIN CERTIFICATE-----")) return { problem: "has a certificate in it that is cut off" };
  if (text.includes("PRIVATE KEY-----")) return { problem: "has a private key in it, and no certificate" };
  return { problem: "has no certificate in it: -----BEGIN CERTIFICATE----- is looked for" };
}
