import type { TlsSettings } from "../../mqtt/tls-settings.ts";
import type { OptionKey, OptionValues } from "../configuration/options.ts";
import { readTls } from "../configuration/read-tls.ts";
import type { TlsProblem } from "../configuration/tls-problem.ts";

/** What came of reading the files again. */
interface TlsReload {
  /** What is wrong with them; where there is anything, all is as it was. */
  problems: readonly TlsProblem[];
  /** The options whose files say something else than before; connections that are opened from now on follow. */
  changed: readonly OptionKey[];
}

const FILES: ReadonlySet<OptionKey> = new Set(["broker.ca", "broker.cert", "broker.key"]);

/** The certificates and the key for connections to the broker, as they were last read. What is open keeps what it was opened with. */
export class TlsFiles {
  #settings: TlsSettings;
  #read: ReadonlyMap<OptionKey, string>;
  #warnings: () => readonly string[];

  /** Reads the files that the options name. Throws an Error for the user where there is anything wrong with them. */
  constructor(values: OptionValues) {
    const { settings, problems, read, warningsAt } = readTls(values);
    if (settings === undefined) throw new Error(problems.map(({ key, text }) => `${key}: ${text}`).join("\n"));
    this.#settings = settings;
    this.#read = read;
    this.#warnings = warningsAt;
  }

  /** For `openStream`: to be asked for at each connection. */
  get settings(): TlsSettings {
    return this.#settings;
  }

  /** Sentences about what is a problem now or will soon be one, such as a certificate that is about to expire. */
  get warnings(): readonly string[] {
    return this.#warnings();
  }

  /** What the file of the gateway's own certificate said; undefined where there is none. */
  get certificate(): string | undefined {
    return this.#read.get("broker.cert");
  }

  /** Reads the files again, and follows the options that are about TLS. */
  reload(values: OptionValues): TlsReload {
    const { settings, problems, read, warningsAt } = readTls(values, this);
    if (settings === undefined) return { problems, changed: [] };
    const keys = new Set([...this.#read.keys(), ...read.keys()]);
    const changed = [...keys].filter((key) => this.#read.get(key) !== read.get(key));
    // Sessions that go on are of certificates of before: only what has changed begins anew.
    if (changed.length > 0) this.#settings = settings;
    this.#read = read;
    this.#warnings = warningsAt;
    return { problems: [], changed: changed.filter((key) => FILES.has(key)) };
  }
}
