import type { X509Certificate } from "node:crypto";

/** A certificate whose time is watched. */
export interface DatedCertificate {
  /** What a sentence about it begins with. */
  whose: string;
  /** What it means that it has expired. */
  end: string;
  certificate: X509Certificate;
}

const DAY_MS = 24 * 60 * 60 * 1000;

/** A certificate that expires within this time is worth a word. */
const SOON_MS = 30 * DAY_MS;

/** A sentence about a certificate that has expired, will soon, or is not valid yet. Times are in milliseconds since 1970. */
export function dateWarning(
  { whose, end, certificate }: DatedCertificate,
  nowMs: number = Date.now(),
): string | undefined {
  const [firstMs, lastMs] = [Date.parse(certificate.validFrom), validUntilMs(certificate)];
  if (firstMs > nowMs) {
    return `${whose} is not valid before ${dayOf(firstMs)}; is the clock of this machine right? It says ${dayOf(nowMs)}`;
  }
  if (lastMs <= nowMs) return `${whose} expired on ${dayOf(lastMs)}: ${end}`;
  if (lastMs - nowMs >= SOON_MS) return undefined;
  const days = Math.floor((lastMs - nowMs) / DAY_MS);
  return `${whose} expires on ${dayOf(lastMs)}, in ${days} ${days === 1 ? "day" : "days"}`;
}

/** Until when a certificate is valid, in milliseconds since 1970. */
export function validUntilMs(certificate: X509Certificate): number {
  return Date.parse(certificate.validTo);
}

/** The day on which a certificate has expired; undefined where it has not. */
export function expiredOn(certificate: X509Certificate): string | undefined {
  const lastMs = validUntilMs(certificate);
  return lastMs <= Date.now() ? dayOf(lastMs) : undefined;
}

/** 2026-11-22 */
function dayOf(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, 10);
}
