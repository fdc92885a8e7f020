import { isIP } from "node:net";
import { connect, type PeerCertificate, type TLSSocket } from "node:tls";
import type { BrokerPlace } from "./broker-place.ts";
import type { BrokerStream } from "./broker-stream.ts";
import { endText } from "./end-text.ts";
import type { ExplainedError } from "./error-text.ts";
import { explainTlsError } from "./explain-tls-error.ts";
import type { TlsSettings } from "./tls-settings.ts";

/**
 * The last TLS session with the broker, which the next connection goes on with: that saves both ends a third to a half of the work of ten
 * thousand handshakes. A session is never older than the certificates it was made with, for new ones are other settings.
 */
const sessions = new WeakMap<TlsSettings, Buffer>();

/** Begins a connection to a broker over TLS. Its errors are explained. */
export function openTlsStream(place: BrokerPlace, tls: TlsSettings): TLSSocket {
  const { host, port } = place;
  const name = tls.serverName ?? host.replace(/\.$/, "");
  const session = sessions.get(tls);
  const socket = connect({
    host,
    port,
    secureContext: tls.secureContext,
    rejectUnauthorized: tls.rejectUnauthorized,
    // The standard allows no address here (RFC 6066 §3); a certificate for one is verified by the host.
    ...(isIP(name) === 0 ? { servername: name } : {}),
    ...(tls.alpn.length > 0 ? { ALPNProtocols: [...tls.alpn] } : {}),
    ...(session === undefined ? {} : { session }),
  }).setNoDelay(true);
  let shown: PeerCertificate | undefined;
  if (session === undefined) {
    // Comes before the certificate is verified: when it has been refused, it cannot be asked for any more.
    socket.prependOnceListener("secure", () => {
      shown = socket.getPeerCertificate();
    });
  }
  socket.once("secureConnect", () => {
    shown = undefined;
  });
  socket.once("session", (newest: Buffer) => {
    sessions.set(tls, newest);
  });
  socket.once("error", (error: ExplainedError) => {
    // It may be the session that the broker does not like.
    sessions.delete(tls);
    const explanation = explainTlsError(error, {
      place,
      tls,
      shown,
      isSilent: !socket.connecting && !socket.readableDidRead,
      endText: endText(socket),
    });
    if (explanation !== undefined) error.explanation = explanation;
  });
  (socket as BrokerStream).silenceHint = tls.hasCertificate
    ? "it does not take the certificate in broker.cert"
    : "it wants a certificate of the gateway (broker.cert and broker.key)";
  return socket;
}
