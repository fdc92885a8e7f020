import type { KeyObject, X509Certificate } from "node:crypto";
import { createSecureContext } from "node:tls";
import type { TlsSettings } from "../../mqtt/tls-settings.ts";
import { type DatedCertificate, dateWarning, expiredOn, validUntilMs } from "./dated-certificate.ts";
import { fileText } from "./file-text.ts";
import type { OptionKey, OptionValues } from "./options.ts";
import { pemCertificates } from "./pem-certificates.ts";
import { privateKey } from "./private-key.ts";
import type { RunningGateway } from "./running-gateway.ts";
import type { TlsProblem } from "./tls-problem.ts";

/** What the options of TLS and their files come to. */
interface ReadTls {
  /** Undefined where there is a problem. */
  settings: TlsSettings | undefined;
  problems: readonly TlsProblem[];
  /** Sentences about what is a problem now or will soon be one; or is at this time, in milliseconds since 1970. */
  warningsAt: (nowMs?: number) => string[];
  /** What each option says, its file included. */
  read: ReadonlyMap<OptionKey, string>;
}

const UNVERIFIED =
  "broker.reject_unauthorized is false: whoever is on the way to the broker can read and change everything, passwords included; better set broker.ca";

/** What is known of a gateway that runs already. */
export type CertificateInUse = Pick<RunningGateway, "certificate">;

/** Reads and looks at the files that the options of TLS name; `running` where they are read again. */
export function readTls(values: OptionValues, running?: CertificateInUse): ReadTls {
  const reading = new Reading(values, running?.certificate);
  const ca = reading.authorities();
  const { cert, key, passphrase } = reading.own();
  const { problems, dated, read } = reading;
  for (const option of ["broker.server_name", "broker.alpn", "broker.reject_unauthorized"] as const) {
    read.set(option, String(values[option]));
  }
  const rejectUnauthorized = values["broker.reject_unauthorized"];
  const warningsAt = (atMs?: number) => [
    ...dated.flatMap((each) => dateWarning(each, atMs) ?? []),
    ...(rejectUnauthorized ? [] : [UNVERIFIED]),
  ];
  let settings: TlsSettings | undefined;
  try {
    if (problems.length === 0) {
      settings = {
        secureContext: createSecureContext({ ca, cert, key, passphrase }),
        hasCertificate: cert !== undefined,
        hasAuthorities: ca !== undefined,
        serverName: values["broker.server_name"],
        alpn: values["broker.alpn"],
        rejectUnauthorized,
      };
    }
  } catch (error) {
    // A key that is too short, or a signature that is too weak, for the OpenSSL of this machine.
    const about = cert === undefined ? "broker.ca" : "broker.cert";
    problems.push({ key: about, text: `OpenSSL does not take it: ${(error as Error).message}` });
  }
  return { settings, problems, warningsAt, read };
}

type FileKey = "broker.ca" | "broker.cert" | "broker.key";

/** The files being read, and what is seen in them. */
class Reading {
  readonly problems: TlsProblem[] = [];
  readonly dated: DatedCertificate[] = [];
  readonly read = new Map<OptionKey, string>();
  readonly #values: OptionValues;
  readonly #certificateInUse: string | undefined;

  constructor(values: OptionValues, certificateInUse: string | undefined) {
    this.#values = values;
    this.#certificateInUse = certificateInUse;
  }

  /** The certificates of the authorities, where any are named. */
  authorities(): string | undefined {
    const ca = this.#file("broker.ca");
    // A file of many authorities has old ones in it, which do no harm as long as there are others.
    const all = this.#certificates("broker.ca", ca);
    const [last] = all.toSorted((one, other) => validUntilMs(other) - validUntilMs(one));
    if (last !== undefined) {
      const which = all.length === 1 ? "the certificate" : "the certificate that is valid longest";
      this.#watch(`broker.ca: ${which} in ${this.#shown("broker.ca")}`, "no broker can be verified by it", last);
    }
    return ca;
  }

  /** The gateway's own certificate and its key, where they are named. */
  own(): { cert?: string | undefined; key?: string | undefined; passphrase?: string | undefined } {
    const [cert, key] = [this.#file("broker.cert"), this.#file("broker.key")];
    const certificates = this.#certificates("broker.cert", cert);
    const keyObject = key === undefined ? undefined : this.#key(key);
    const [leaf] = certificates;
    if (leaf !== undefined) {
      // Nothing gets worse by one that is in use already; what else is new may be urgent.
      const end = cert === this.#certificateInUse ? undefined : expiry(leaf);
      const problem = end ?? (keyObject && misfit(certificates, keyObject));
      if (problem !== undefined) this.#sayOfFile("broker.cert", problem);
      else this.#watch(`broker.cert: the certificate in ${this.#shown("broker.cert")}`, "the broker refuses it", leaf);
    }
    return key === undefined ? { cert } : { cert, key, passphrase: this.#values["broker.key_passphrase"] };
  }

  #key(text: string): KeyObject | undefined {
    const passphrase = this.#values["broker.key_passphrase"];
    if (passphrase !== undefined) this.read.set("broker.key_passphrase", passphrase);
    const found = privateKey(text, passphrase);
    if ("key" in found) return found.key;
    if (found.of === "file") this.#sayOfFile("broker.key", found.problem);
    else {
      const hasFile = this.#values["broker.key_passphrase_file"] !== undefined;
      const about = hasFile ? "broker.key_passphrase_file" : "broker.key_passphrase";
      this.problems.push({ key: about, text: found.problem });
    }
    return undefined;
  }

  #file(key: FileKey): string | undefined {
    const name = this.#values[key];
    if (name === undefined) return undefined;
    // At a start it is read twice: with the configuration, and for the connections.
    const file = fileText(name, "secret", true);
    if ("problem" in file) this.problems.push({ key, text: file.problem });
    else this.read.set(key, file.text);
    return this.read.get(key);
  }

  #certificates(key: FileKey, text: string | undefined): X509Certificate[] {
    if (text === undefined) return [];
    const found = pemCertificates(text);
    if ("certificates" in found) return found.certificates;
    this.#sayOfFile(key, found.problem);
    return [];
  }

  #sayOfFile(key: FileKey, problem: string): void {
    this.problems.push({ key, text: `${this.#shown(key)} ${problem}` });
  }

  #shown(key: FileKey): string {
    return JSON.stringify(this.#values[key]);
  }

  #watch(whose: string, end: string, certificate: X509Certificate): void {
    this.dated.push({ whose, end, certificate });
  }
}

/** What is wrong with a certificate that has expired. One that is not valid yet may do: many machines learn the time after they have started. */
function expiry(certificate: X509Certificate): string | undefined {
  const day = expiredOn(certificate);
  return day === undefined ? undefined : `expired on ${day}; the broker would refuse it: replace the file`;
}

/** What is wrong with a certificate that is not that of the key. */
function misfit(certificates: readonly X509Certificate[], key: KeyObject): string | undefined {
  const index = certificates.findIndex((certificate) => certificate.checkPrivateKey(key));
  if (index === 0) return undefined;
  if (index < 0) return "is not the certificate of the private key in broker.key";
  return `has the certificate of broker.key as number ${index + 1} in it; put it first, before those of its authorities`;
}
