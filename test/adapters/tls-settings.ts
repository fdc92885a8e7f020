import { createSecureContext } from "node:tls";
import type { TlsSettings } from "../../src/mqtt/tls-settings.ts";
import { certificate } from "../certificates/certificate.ts";

/** Settings with the authority of the tests; with a certificate where one is named. */
export function tlsSettings({ ca = "ca.pem", cert, ...rest }: Partial<TlsSettings> & Files = {}): TlsSettings {
  const own = cert === undefined ? {} : { cert: certificate(cert), key: certificate("client.key") };
  return {
    secureContext: createSecureContext({ ...(ca === "" ? {} : { ca: certificate(ca) }), ...own }),
    hasCertificate: cert !== undefined,
    hasAuthorities: ca !== "",
    serverName: undefined,
    alpn: [],
    rejectUnauthorized: true,
    ...rest,
  };
}

interface Files {
  /** Empty where there is none. */
  ca?: string;
  cert?: string;
}
