import type { PeerCertificate } from "node:tls";
import type { BrokerPlace } from "./broker-place.ts";
import { cutText } from "./cut-text.ts";
import type { TlsSettings } from "./tls-settings.ts";

/** What is known of a TLS connection that has failed. */
interface TlsCircumstances {
  place: BrokerPlace;
  tls: TlsSettings;
  /** The certificate that the broker has shown, where it has not been verified. */
  shown: PeerCertificate | undefined;
  /** The broker was reached, and has sent nothing besides the handshake. */
  isSilent: boolean;
  /** What it means that the broker has closed the connection. */
  endText: string;
}

/** What an error of a TLS connection means, and what to do; undefined where it says enough by itself. */
export function explainTlsError(error: NodeJS.ErrnoException, circumstances: TlsCircumstances): string | undefined {
  const { code = "" } = error;
  if (code === WRONG_HOST) return explainWrongHost(error as WrongHost);
  const explain = EXPLANATIONS[code] ?? EXPLANATIONS[reasonOf(error)];
  if (explain !== undefined) return explain(circumstances);
  return circumstances.isSilent && code === "ECONNRESET" ? circumstances.endText : undefined;
}

const WRONG_HOST = "ERR_TLS_CERT_ALTNAME_INVALID";

/** As Node throws it. */
interface WrongHost extends Error {
  host: string;
  cert: Partial<PeerCertificate>;
}

/** The number that OpenSSL gives its reason; an alert of the other end has 1000 more than in RFC 8446 §6. Node has it in no other place. */
function reasonOf({ message }: Error): number {
  const number = /:error:([0-9A-F]{8}):/.exec(message)?.[1];
  return number === undefined ? 0 : Number.parseInt(number, 16) % 2 ** 23;
}

type Explanation = (circumstances: TlsCircumstances) => string;

const explainExpired: Explanation = ({ shown }) => {
  const endMs = Date.parse(shown?.valid_to ?? "");
  const now = `the clock of this machine says ${day(Date.now())}`;
  return endMs < Date.now()
    ? `the broker's certificate${nameOf(shown)} expired on ${day(endMs)} (${now}); it has to be renewed at the broker`
    : `an authority's certificate, on which the broker's${nameOf(shown)} depends, has expired (${now}); renew broker.ca, or what the broker shows`;
};

const explainTooEarly: Explanation = ({ shown }) => {
  const begin = shown?.valid_from === undefined ? "" : ` before ${day(Date.parse(shown.valid_from))}`;
  return `the broker's certificate${nameOf(shown)} is not valid${begin}; the clock of this machine says ${day(Date.now())}: is it right?`;
};

const explainAuthority: Explanation = (circumstances) =>
  `${fromUnknown(circumstances)}; set broker.ca to the file with the certificate of that authority`;

/** The broker shows its own certificate alone: nobody can tell from it whether another authority vouches for that one. */
const explainAlone: Explanation = (circumstances) => {
  const [remedy, which] = circumstances.tls.hasAuthorities
    ? ["add the certificate of that authority to the file of broker.ca", "one in that file"]
    : ["set broker.ca to the file with the certificate of that authority", "one that Node knows"];
  return `${fromUnknown(circumstances)}; ${remedy}, or, if ${which} vouches for it, have the broker send it too`;
};

function fromUnknown({ tls, shown }: TlsCircumstances): string {
  const issuer = shown?.issuer?.CN ?? shown?.issuer?.O;
  const authority = issuer === undefined ? "an authority" : `an authority, "${cutText(String(issuer))}",`;
  const unknown = tls.hasAuthorities ? "that is not in broker.ca" : "that Node does not know";
  return `the broker's certificate${nameOf(shown)} is from ${authority} ${unknown}`;
}

const explainNoRoot: Explanation = ({ tls, shown }) => {
  const where = tls.hasAuthorities ? "is not in broker.ca" : "Node does not know";
  return `the broker's certificate${nameOf(shown)} is from an authority that another one vouches for, whose certificate ${where}; put all of them into the file of broker.ca, up to the one that is signed by itself`;
};

const explainPurpose: Explanation = ({ shown }) =>
  `the broker's certificate${nameOf(shown)}, or one of its authorities', is not for that: a broker needs one for servers (serverAuth), from an authority that may issue it`;

const explainSelfSigned: Explanation = ({ tls, shown }) => {
  const unknown = tls.hasAuthorities ? " and not in broker.ca" : "";
  return `the broker's certificate${nameOf(shown)} is signed by itself${unknown}; if it is the right one, set broker.ca to the file with it`;
};

const explainClientRefused: Explanation = ({ tls }) =>
  tls.hasCertificate
    ? "the broker does not take the certificate in broker.cert: is it for clients, and from an authority that the broker knows?"
    : "the broker wants a certificate of the gateway; set broker.cert and broker.key";

const explainHandshakeFailure: Explanation = (circumstances) =>
  circumstances.tls.hasCertificate
    ? "the broker has ended the TLS handshake (handshake failure): it does not take broker.cert, or nothing that this machine's OpenSSL offers"
    : explainClientRefused(circumstances);

const explainNoTls: Explanation = ({ place }) => {
  const [bare, port] = place.scheme === "wss" ? ["ws", 443] : ["mqtt", 8883];
  return `what listens at port ${place.port} does not speak TLS; brokers do at another port, mostly ${port}; or write ${bare}:// and go without`;
};

const explainAlpn: Explanation = ({ tls }) =>
  tls.alpn.length === 0
    ? "the broker wants to be told a protocol (ALPN); set broker.alpn, mostly to mqtt"
    : `the broker speaks none of the protocols in broker.alpn (${tls.alpn.join(", ")})`;

const explainUnknownName: Explanation = ({ place, tls }) =>
  `the broker does not know the name ${tls.serverName ?? place.host}; write its name in broker.url, or set broker.server_name`;

const explainVersion: Explanation = () =>
  "the broker speaks no version of TLS that this machine's OpenSSL allows (1.2 and 1.3)";

const ALERT = 1000;

/** By the code of the error, or by the number of OpenSSL's reason. */
const EXPLANATIONS: Readonly<Record<string | number, Explanation>> = {
  CERT_HAS_EXPIRED: explainExpired,
  CERT_NOT_YET_VALID: explainTooEarly,
  DEPTH_ZERO_SELF_SIGNED_CERT: explainSelfSigned,
  SELF_SIGNED_CERT_IN_CHAIN: explainAuthority,
  INVALID_CA: explainPurpose,
  INVALID_PURPOSE: explainPurpose,
  UNABLE_TO_GET_ISSUER_CERT: explainNoRoot,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: explainNoRoot,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: explainAlone,
  // Wrong version number; HTTP request; packet length too long.
  267: explainNoTls,
  156: explainNoTls,
  198: explainNoTls,
  // No protocols available; unsupported protocol.
  191: explainVersion,
  258: explainVersion,
  [ALERT + 40]: explainHandshakeFailure,
  // Bad certificate, unsupported certificate, revoked, expired, unknown certificate, unknown authority, access denied, certificate required.
  [ALERT + 42]: explainClientRefused,
  [ALERT + 43]: explainClientRefused,
  [ALERT + 44]: explainClientRefused,
  [ALERT + 45]: explainClientRefused,
  [ALERT + 46]: explainClientRefused,
  [ALERT + 48]: explainClientRefused,
  [ALERT + 49]: explainClientRefused,
  [ALERT + 116]: explainClientRefused,
  [ALERT + 70]: explainVersion,
  [ALERT + 112]: explainUnknownName,
  [ALERT + 120]: explainAlpn,
};

function explainWrongHost({ host, cert }: WrongHost): string {
  const names = cert.subjectaltname?.replaceAll(/\b(DNS|IP Address):/g, "") ?? cert.subject?.CN ?? "nobody";
  return `the broker's certificate is for ${cutText(String(names))}, and not for ${host}; if it is the right broker, write one of these in broker.url, or as broker.server_name`;
}

function nameOf(shown: PeerCertificate | undefined): string {
  const name = shown?.subject?.CN ?? shown?.subject?.O;
  return name === undefined ? "" : ` (${cutText(String(name))})`;
}

/** 2026-11-22 */
function day(timeMs: number): string {
  return Number.isNaN(timeMs) ? "another day" : new Date(timeMs).toISOString().slice(0, 10);
}
