const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The text of these octets, or null where they are not well-formed UTF-8. */
export function decodeUtf8(octets: Uint8Array): string | null {
  try {
    return decoder.decode(octets);
  } catch {
    // The one way in which TextDecoder reports ill-formed input; for us it is a value.
    return null;
  }
}
