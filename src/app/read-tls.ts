import type { KeyObject, X509Certificate } from "node:crypto";
import { createSecureContext } from "node:tls";
import type { TlsSettings } from "../mqtt/tls-settings.ts";
import { fileText } from "./file-text.ts";
import type { OptionKey, OptionValues } from "./options.ts";
import { pemCertificates } from "./pem-certificates.ts";
import { privateKey } from "./private-key.ts";
import type { TlsProblem } from "./tls-problem.ts";

/** What the options of TLS and their files come to. */
export interface ReadTls {
  /** Undefined where there is a problem. */
  settings: TlsSettings | undefined;
  problems: TlsProblem[];
  /** Sentences about what will soon be a problem, at this time of day in milliseconds since 1970. */
  warningsAt: (nowMs: number) => string[];
  /** What each option says, its file included. */
  read: Map<OptionKey, string>;
}

const DAY_MS = 24 * 60 * 60 * 1000;

/** A certificate that expires within this time is worth a word. */
const SOON_MS = 30 * DAY_MS;

/** Reads and looks at the files that the options of TLS name. `nowMs` is the time of day, in milliseconds since 1970. */
export function readTls(values: OptionValues, nowMs: number = Date.now()): ReadTls {
  const problems: TlsProblem[] = [];
  const dated: DatedCertificate[] = [];
  const read = new Map<OptionKey, string>();
  const say = (key: OptionKey, text: string) => problems.push({ key, text });

  function fileOf(key: "broker.ca" | "broker.cert" | "broker.key"): string | undefined {
    const name = values[key];
    if (name === undefined) return undefined;
    const file = fileText(name);
    if ("text" in file) read.set(key, file.text);
    else say(key, file.problem);
    return read.get(key);
  }

  function certificatesOf(key: "broker.ca" | "broker.cert", text: string): X509Certificate[] {
    const found = pemCertificates(text);
    if ("certificates" in found) return found.certificates;
    say(key, `${JSON.stringify(values[key])} ${found.problem}`);
    return [];
  }

  const [ca, cert, key] = [fileOf("broker.ca"), fileOf("broker.cert"), fileOf("broker.key")];
  const authorities = ca === undefined ? [] : certificatesOf("broker.ca", ca);
  const certificates = cert === undefined ? [] : certificatesOf("broker.cert", cert);
  const passphrase = values["broker.key_passphrase"];
  const own = key === undefined ? undefined : privateKey(key, passphrase);
  if (own !== undefined && "problem" in own) {
    if (own.of === "file") say("broker.key", `${JSON.stringify(values["broker.key"])} ${own.problem}`);
    else
      say(
        values["broker.key_passphrase_file"] === undefined ? "broker.key_passphrase" : "broker.key_passphrase_file",
        own.problem,
      );
  }
  const [leaf] = certificates;
  if (leaf !== undefined) {
    const shown = `${JSON.stringify(values["broker.cert"])}`;
    const problem =
      expiry(leaf, nowMs) ?? (own !== undefined && "key" in own ? misfit(certificates, own.key) : undefined);
    if (problem !== undefined) say("broker.cert", `${shown} ${problem}`);
    else
      dated.push({
        whose: `broker.cert: the certificate in ${shown}`,
        end: "the broker refuses it",
        certificate: leaf,
      });
  }
  // A file of many authorities has old ones in it, which do no harm as long as there are others.
  const last = authorities.toSorted((one, other) => endMs(other) - endMs(one))[0];
  if (last !== undefined) {
    const whose = authorities.length === 1 ? "the certificate" : "the certificate that is valid longest";
    const name = JSON.stringify(values["broker.ca"]);
    dated.push({ whose: `broker.ca: ${whose} in ${name}`, end: "no broker can be verified by it", certificate: last });
  }
  for (const option of ["broker.server_name", "broker.alpn", "broker.reject_unauthorized"] as const) {
    read.set(option, String(values[option]));
  }
  const isOpen = !values["broker.reject_unauthorized"];
  const warningsAt = (atMs: number) => [
    ...dated.flatMap((each) => datedWarning(each, atMs) ?? []),
    ...(isOpen ? [UNVERIFIED] : []),
  ];
  if (passphrase !== undefined) read.set("broker.key_passphrase", passphrase);
  if (problems.length > 0) return { settings: undefined, problems, warningsAt, read };
  try {
    const secureContext = createSecureContext({
      ca,
      cert,
      key,
      passphrase: key === undefined ? undefined : passphrase,
    });
    const settings = {
      secureContext,
      hasCertificate: cert !== undefined,
      hasAuthorities: ca !== undefined,
      serverName: values["broker.server_name"],
      alpn: values["broker.alpn"],
      rejectUnauthorized: values["broker.reject_unauthorized"],
    };
    return { settings, problems, warningsAt, read };
  } catch (error) {
    // A key that is too short, or a signature that is too weak, for the OpenSSL of this machine.
    say(cert === undefined ? "broker.ca" : "broker.cert", `OpenSSL does not take it: ${(error as Error).message}`);
    return { settings: undefined, problems, warningsAt, read };
  }
}

/** What is wrong with a certificate that has expired. One that is not valid yet may do: many machines learn the time after they have started. */
function expiry(certificate: X509Certificate, nowMs: number): string | undefined {
  if (endMs(certificate) > nowMs) return undefined;
  return `expired on ${day(endMs(certificate))}; the broker would refuse it: replace the file`;
}

/** What is wrong with a certificate that is not that of the key. */
function misfit(certificates: readonly X509Certificate[], key: KeyObject): string | undefined {
  const index = certificates.findIndex((certificate) => certificate.checkPrivateKey(key));
  if (index === 0) return undefined;
  if (index < 0) return "is not the certificate of the private key in broker.key";
  return `has the certificate of broker.key as number ${index + 1} in it; put it first, before those of its authorities`;
}

/** A certificate whose time is watched. */
interface DatedCertificate {
  /** Of which the sentence is. */
  whose: string;
  /** What it means that it has expired. */
  end: string;
  certificate: X509Certificate;
}

const UNVERIFIED =
  "broker.reject_unauthorized is false: whoever is on the way to the broker can read and change everything, passwords included; better set broker.ca";

function datedWarning({ whose, end, certificate }: DatedCertificate, nowMs: number): string | undefined {
  const [beginMs, lastMs] = [Date.parse(certificate.validFrom), endMs(certificate)];
  if (beginMs > nowMs) {
    return `${whose} is not valid before ${day(beginMs)}; is the clock of this machine right? It says ${day(nowMs)}`;
  }
  if (lastMs <= nowMs) return `${whose} expired on ${day(lastMs)}: ${end}`;
  if (lastMs - nowMs >= SOON_MS) return undefined;
  const days = Math.floor((lastMs - nowMs) / DAY_MS);
  return `${whose} expires on ${day(lastMs)}, in ${days} ${days === 1 ? "day" : "days"}`;
}

/** Until when it is valid, in milliseconds since 1970. */
function endMs(certificate: X509Certificate): number {
  return Date.parse(certificate.validTo);
}

/** 2026-11-22 */
function day(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, 10);
}
