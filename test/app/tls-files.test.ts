import { chmodSync, copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { TlsFiles } from "../../src/app/broker/tls-files.ts";
import { loadConfiguration } from "../../src/app/configuration/configuration.ts";
import type { OptionKey, OptionValues } from "../../src/app/configuration/options.ts";
import { readTls } from "../../src/app/configuration/read-tls.ts";
import { certificate, certificateFile } from "../certificates/certificate.ts";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "mqtt-sn-gateway-tls-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

type Flags = Partial<Record<OptionKey, string>>;

function load(flags: Flags, url = "mqtts://h") {
  const all = new Map(Object.entries({ "broker.url": url, ...flags }) as [OptionKey, string][]);
  return loadConfiguration({ flags: all, environment: {} });
}

function valuesOf(flags: Flags): OptionValues {
  const configuration = load(flags);
  if (!configuration.ok) throw new Error(configuration.problems.join("\n"));
  return configuration.values;
}

/** The problems, with the folders left off. */
function problemsOf(flags: Flags, url?: string): string[] {
  const configuration = load(flags, url);
  if (configuration.ok) return [];
  return configuration.problems.map((problem) =>
    problem.replaceAll(`${folder}/`, "").replaceAll(certificateFile("."), ""),
  );
}

/** A file of the test's own. */
function write(name: string, text: string): string {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
}

const [ca, cert, key] = ["ca.pem", "client.pem", "client.key"].map(certificateFile) as [string, string, string];

describe("the files of TLS are taken", () => {
  test.each<[string, () => Flags]>([
    ["without any", () => ({})],
    ["with an authority", () => ({ "broker.ca": ca })],
    ["with a certificate and its key", () => ({ "broker.cert": cert, "broker.key": key })],
    [
      "with several authorities, and text between them",
      () => ({ "broker.ca": write("both.pem", `# one\n${certificate("ca.pem")}two\n${certificate("other-ca.pem")}`) }),
    ],
    [
      "with the certificate and those of its authorities behind it",
      () => ({
        "broker.cert": write("chain.pem", certificate("client.pem") + certificate("ca.pem")),
        "broker.key": key,
      }),
    ],
    [
      "with the certificate and the key in one file",
      () => {
        const file = write("all.pem", certificate("client.key") + certificate("client.pem"));
        return { "broker.cert": file, "broker.key": file };
      },
    ],
    [
      "with an encrypted key and its passphrase in a file",
      () => ({
        "broker.cert": cert,
        "broker.key": certificateFile("client-encrypted.key"),
        "broker.key_passphrase_file": write("passphrase", "geheim\n"),
      }),
    ],
    [
      "with line ends of Windows",
      () => ({ "broker.ca": write("crlf.pem", certificate("ca.pem").replaceAll("\n", "\r\n")) }),
    ],
  ])("%s", (_what, flags) => {
    expect(problemsOf(flags())).toEqual([]);
  });
});

describe("what is wrong with the files of TLS is told by the option:", () => {
  test.each<[string, () => Flags, string]>([
    [
      "there is none",
      () => ({ "broker.ca": join(folder, "no.pem") }),
      '--broker-ca: cannot read "no.pem": there is no such file',
    ],
    ["a folder", () => ({ "broker.ca": folder }), "it is a directory"],
    [
      "nothing of the kind in it",
      () => ({ "broker.ca": write("ca.pem", "hello") }),
      '--broker-ca: "ca.pem" has no certificate in it: -----BEGIN CERTIFICATE----- is looked for',
    ],
    [
      "binary form",
      () => {
        const der = Buffer.from(certificate("ca.pem").replaceAll(/-----[A-Z ]+-----|\n/g, ""), "base64");
        const file = join(folder, "ca.der");
        writeFileSync(file, der);
        return { "broker.ca": file };
      },
      '--broker-ca: "ca.der" is not PEM, but perhaps DER; convert it: openssl x509 -inform der -in FILE -out FILE.pem',
    ],
    [
      "a certificate that is cut off",
      () => ({ "broker.ca": write("ca.pem", certificate("ca.pem").slice(0, 300)) }),
      '--broker-ca: "ca.pem" has a certificate in it that is cut off',
    ],
    [
      "a certificate that is damaged",
      () => ({
        "broker.ca": write("ca.pem", certificate("ca.pem") + certificate("ca.pem").replace(/\nMII../, "\nAAAAA")),
      }),
      '--broker-ca: "ca.pem" has a damaged certificate in it: the one that is number 2',
    ],
    [
      "a key for a certificate",
      () => ({ "broker.ca": key }),
      '--broker-ca: "client.key" has a private key in it, and no certificate',
    ],
    [
      "a certificate for a key",
      () => ({ "broker.cert": cert, "broker.key": cert }),
      '--broker-key: "client.pem" has a certificate in it, and no private key',
    ],
    [
      "no key",
      () => ({ "broker.cert": cert, "broker.key": write("key", "") }),
      '--broker-key: "key" has no private key in it: -----BEGIN PRIVATE KEY----- is looked for',
    ],
    [
      "a damaged key",
      () => ({
        "broker.cert": cert,
        "broker.key": write("key", certificate("client.key").replace(/\nM.../, "\nAAAA")),
      }),
      '--broker-key: "key" has a private key in it that cannot be read',
    ],
    [
      "the key of another certificate",
      () => ({ "broker.cert": cert, "broker.key": certificateFile("broker.key") }),
      '--broker-cert: "client.pem" is not the certificate of the private key in broker.key',
    ],
    [
      "the certificate of the key behind another one",
      () => ({
        "broker.cert": write("chain.pem", certificate("ca.pem") + certificate("client.pem")),
        "broker.key": key,
      }),
      '--broker-cert: "chain.pem" has the certificate of broker.key as number 2 in it; put it first, before those of its authorities',
    ],
    [
      "an encrypted key without a passphrase",
      () => ({ "broker.cert": cert, "broker.key": certificateFile("client-encrypted.key") }),
      '--broker-key: "client-encrypted.key" is encrypted; set broker.key_passphrase_file too',
    ],
    [
      "a wrong passphrase",
      () => ({
        "broker.cert": cert,
        "broker.key": certificateFile("client-encrypted.key"),
        "broker.key_passphrase_file": write("passphrase", "falsch"),
      }),
      "--broker-key-passphrase-file: is not what broker.key is encrypted with",
    ],
    [
      "a certificate that has expired",
      () => ({ "broker.cert": certificateFile("client-expired.pem"), "broker.key": key }),
      '--broker-cert: "client-expired.pem" expired on 2021-01-01; the broker would refuse it: replace the file',
    ],
    [
      "a certificate without its key",
      () => ({ "broker.cert": cert }),
      "--broker-cert: a certificate is of use only with its private key; set broker.key too",
    ],
    [
      "a key without its certificate",
      () => ({ "broker.key": key }),
      "--broker-key: a private key is of use only with its certificate; set broker.cert too",
    ],
    [
      "a passphrase without a key",
      () => ({ "broker.key_passphrase_file": write("passphrase", "geheim") }),
      "--broker-key-passphrase-file: there is no key that is encrypted with it; set broker.key too",
    ],
    [
      "an address for a name",
      () => ({ "broker.server_name": "10.0.0.1" }),
      '--broker-server-name: "10.0.0.1" is an address; TLS asks by name',
    ],
  ])("%s", (_what, flags, problem) => {
    const problems = problemsOf(flags());
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(problem);
    expect(problems[0]).not.toMatch(/geheim|falsch|MHcC|MIGH/);
  });

  test.skipIf(process.getuid?.() === 0)("a file that the gateway may not read", () => {
    const file = write("ca.pem", certificate("ca.pem"));
    chmodSync(file, 0);
    expect(problemsOf({ "broker.ca": file })).toEqual([
      '--broker-ca: cannot read "ca.pem": the gateway may not read it',
    ]);
  });

  test("in a configuration file with its line and column, and every one of them", () => {
    copyFileSync(certificateFile("client-expired.pem"), join(folder, "client.pem"));
    copyFileSync(key, join(folder, "client.key"));
    const file = write(
      "gateway.yaml",
      "broker:\n  url: mqtts://h\n  ca: no.pem\n  cert: client.pem\n  key: client.key\n",
    );
    const configuration = loadConfiguration({ flags: new Map(), configFlag: file, environment: {} });
    expect(configuration.ok ? [] : configuration.problems.map((each) => each.replaceAll(`${folder}/`, ""))).toEqual([
      'gateway.yaml:3:7: broker.ca: cannot read "no.pem": there is no such file',
      'gateway.yaml:4:9: broker.cert: "client.pem" expired on 2021-01-01; the broker would refuse it: replace the file',
    ]);
  });
});

describe("options of TLS with a broker that is reached without it are told of, with the URL to write:", () => {
  const flags: [OptionKey, string][] = [
    ["broker.ca", ca],
    ["broker.cert", cert],
    ["broker.key", key],
    ["broker.server_name", "h"],
    ["broker.alpn", "mqtt"],
    ["broker.reject_unauthorized", "false"],
  ];
  test.each(flags)("%s", (option, value) => {
    const flag = `--${option.replaceAll(/[._]/g, "-")}`;
    expect(problemsOf({ [option]: value }, "mqtt://h")).toEqual([
      `${flag}: is for TLS, and broker.url is mqtt://h:1883: write mqtts://h:8883, or leave it out`,
    ]);
    expect(problemsOf({ [option]: value }, "ws://h:8080/mqtt")).toEqual([
      `${flag}: is for TLS, and broker.url is ws://h:8080/mqtt: write wss://h:8080/mqtt, or leave it out`,
    ]);
    expect(problemsOf({ [option]: value }, "embedded:")).toEqual([
      `${flag}: is for TLS, and the broker is inside the gateway: leave it out`,
    ]);
  });

  test("but not where they say what they say by default", () => {
    expect(problemsOf({ "broker.reject_unauthorized": "true" }, "mqtt://h")).toEqual([]);
  });
});

describe("what will soon be a problem is a warning:", () => {
  const END_MS = Date.parse("2126-01-01T00:00:00Z");
  const DAY_MS = 24 * 60 * 60 * 1000;
  const own: Flags = { "broker.cert": cert, "broker.key": key };

  test.each<[string, Flags, number, string[]]>([
    ["nothing long before", { ...own, "broker.ca": ca }, END_MS - 30.5 * DAY_MS, []],
    [
      "the certificate expires in less than 30 days",
      own,
      END_MS - 29.5 * DAY_MS,
      ['broker.cert: the certificate in "client.pem" expires on 2126-01-01, in 29 days'],
    ],
    [
      "tomorrow",
      own,
      END_MS - 1.5 * DAY_MS,
      ['broker.cert: the certificate in "client.pem" expires on 2126-01-01, in 1 day'],
    ],
    [
      "the certificate has expired since",
      own,
      END_MS,
      ['broker.cert: the certificate in "client.pem" expired on 2126-01-01: the broker refuses it'],
    ],
    [
      "that of the authority expires",
      { "broker.ca": ca },
      END_MS - 2.5 * DAY_MS,
      ['broker.ca: the certificate in "ca.pem" expires on 2126-01-01, in 2 days'],
    ],
    [
      "that of the authority has expired",
      { "broker.ca": ca },
      END_MS,
      ['broker.ca: the certificate in "ca.pem" expired on 2126-01-01: no broker can be verified by it'],
    ],
    [
      "the certificate is not valid yet",
      { "broker.cert": certificateFile("client-future.pem"), "broker.key": key },
      Date.parse("2119-12-31T00:00:00Z"),
      [
        'broker.cert: the certificate in "client-future.pem" is not valid before 2120-01-01; is the clock of this machine right? It says 2119-12-31',
      ],
    ],
  ])("%s", (_what, flags, nowMs, expected) => {
    const { warningsAt, problems } = readTls(valuesOf(flags));
    expect(problems).toEqual([]);
    expect(warningsAt(nowMs).map((warning) => warning.replaceAll(certificateFile("."), ""))).toEqual(expected);
  });

  test("that anybody may answer as the broker", () => {
    expect(new TlsFiles(valuesOf({ "broker.reject_unauthorized": "false" })).warnings).toEqual([
      "broker.reject_unauthorized is false: whoever is on the way to the broker can read and change everything, passwords included; better set broker.ca",
    ]);
  });

  test("of several authorities only that none will be left", () => {
    const file = write("both.pem", certificate("client-expired.pem") + certificate("ca.pem"));
    expect(new TlsFiles(valuesOf({ "broker.ca": file })).warnings).toEqual([]);
  });
});

describe("a reload of the files of TLS", () => {
  test("changes nothing where they say what they said", () => {
    const files = new TlsFiles(valuesOf({ "broker.ca": ca }));
    const before = files.settings;
    expect(files.reload(valuesOf({ "broker.ca": ca }))).toEqual({ problems: [], changed: [] });
    expect(files.settings).toBe(before);
  });

  test("takes over what they say now, and names the options whose files say something else", () => {
    const flags = {
      "broker.ca": write("ca.pem", certificate("ca.pem")),
      "broker.cert": write("c.pem", certificate("client.pem")),
    };
    const values = valuesOf({ ...flags, "broker.key": key });
    const files = new TlsFiles(values);
    const before = files.settings;
    write("c.pem", certificate("client-new.pem"));
    expect(files.reload(values)).toEqual({ problems: [], changed: ["broker.cert"] });
    expect(files.settings).not.toBe(before);
    expect(files.settings.hasCertificate).toBe(true);
  });

  test("takes over another name of the broker", () => {
    const files = new TlsFiles(valuesOf({}));
    expect(files.reload(valuesOf({ "broker.server_name": "broker.test" })).problems).toEqual([]);
    expect(files.settings.serverName).toBe("broker.test");
  });

  test("changes nothing where they are wrong, and says why", () => {
    const values = valuesOf({ "broker.ca": write("ca.pem", certificate("ca.pem")) });
    const files = new TlsFiles(values);
    const before = files.settings;
    write("ca.pem", "");
    const { problems, changed } = files.reload(values);
    expect(problems).toEqual([{ key: "broker.ca", text: expect.stringContaining("has no certificate in it") }]);
    expect(changed).toEqual([]);
    expect(files.settings).toBe(before);
    write("ca.pem", readFileSync(ca, "utf8"));
    expect(files.reload(values)).toEqual({ problems: [], changed: [] });
  });

  describe("where the gateway's certificate has expired", () => {
    const EXPIRED = certificate("client-expired.pem");
    const problem = (file: string) => ({
      key: "broker.cert",
      text: `${JSON.stringify(file)} expired on 2021-01-01; the broker would refuse it: replace the file`,
    });

    /** A gateway that has taken it while it was valid. */
    function taken() {
      const file = write("c.pem", EXPIRED);
      vi.useFakeTimers({ now: Date.parse("2020-06-01"), toFake: ["Date"] });
      try {
        const values = valuesOf({ "broker.cert": file, "broker.key": key });
        return { file, values, files: new TlsFiles(values) };
      } finally {
        vi.useRealTimers();
      }
    }

    test("since it was taken changes all else, and warns of it", () => {
      const { file, values, files } = taken();
      const serverName: object = { "broker.server_name": "broker.test" };
      expect(files.reload({ ...values, ...serverName })).toEqual({ problems: [], changed: [] });
      expect(files.settings.serverName).toBe("broker.test");
      expect(files.warnings).toEqual([
        `broker.cert: the certificate in ${JSON.stringify(file)} expired on 2021-01-01: the broker refuses it`,
      ]);
      expect(files.reload(values)).toEqual({ problems: [], changed: [] });
    });

    test("since it was taken looks at its key all the same", () => {
      const { values, files } = taken();
      const otherKey: object = { "broker.key": certificateFile("broker.key") };
      const { problems } = files.reload({ ...values, ...otherKey });
      expect(problems).toMatchObject([{ text: expect.stringContaining("is not the certificate of the private key") }]);
    });

    test("and its file is another one changes nothing", () => {
      const { file, values, files } = taken();
      write("c.pem", `another\n${EXPIRED}`);
      expect(files.reload(values)).toEqual({ problems: [problem(file)], changed: [] });
    });

    test("the configuration is right only for the gateway that has taken it", () => {
      const { file } = taken();
      const flags = new Map(
        Object.entries({ "broker.url": "mqtts://h", "broker.cert": file, "broker.key": key }) as [OptionKey, string][],
      );
      const load = (running?: string) =>
        loadConfiguration({
          flags,
          environment: {},
          ...(running === undefined ? {} : { running: { hasEmptyFile: false, certificate: running } }),
        });
      expect(load(EXPIRED).ok).toBe(true);
      const wrong = { ok: false, problems: [`--broker-cert: ${problem(file).text}`] };
      expect(load()).toEqual(wrong);
      expect(load(certificate("client.pem"))).toEqual(wrong);
    });
  });

  test("is refused from the start where the files are wrong by then", () => {
    const values = valuesOf({ "broker.ca": write("ca.pem", certificate("ca.pem")) });
    write("ca.pem", "");
    expect(() => new TlsFiles(values)).toThrow("broker.ca: ");
  });
});
