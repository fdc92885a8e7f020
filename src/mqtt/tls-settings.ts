import type { SecureContext } from "node:tls";

/** How connections to the broker are secured, the same for all of them until the certificates are read again. */
export interface TlsSettings {
  /** Authorities, certificate and key, taken apart once: ten thousand connections share it. */
  secureContext: SecureContext;
  /** Whether the broker is shown a certificate of ours. */
  hasCertificate: boolean;
  /** Whether authorities were named; otherwise it is those that Node comes with. */
  hasAuthorities: boolean;
  /** The name that the broker is asked for (SNI) and that its certificate has to be for; undefined is the host of the URL. */
  serverName: string | undefined;
  /** The protocols that the broker is offered (ALPN), the best one first. */
  alpn: readonly string[];
  /** Whether a broker whose certificate cannot be verified is refused. */
  rejectUnauthorized: boolean;
}
