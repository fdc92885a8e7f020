import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { GatewayProcess, stop } from "../process/gateway-process.ts";
import { Sensor } from "../process/sensor.ts";
import { hasRegistry, run, Workplace } from "./npm-package.ts";
import { hasCommand, requirement } from "./requirement.ts";

const COMMANDS = ["dpkg", "dpkg-deb", "shellcheck", "openssl", "systemd-sysusers", "deb-systemd-helper", "userdel"];

const hasDpkg = requirement(
  "Debian's tools, and to be root",
  COMMANDS.every(hasCommand) && process.getuid?.() === 0,
  "REQUIRE_DPKG",
  "on Debian: apt-get install dpkg shellcheck openssl systemd",
);
const answers = requirement("the npm registry", hasRegistry(), "REQUIRE_NPM", "it does not answer");

const DEB = fileURLToPath(new URL("../../packaging/deb", import.meta.url));

/** What an ELF file says of the machine that it is for. */
const ELF_MACHINES = { amd64: 62, arm64: 183 } as const;

test.skipIf(!hasDpkg)("shellcheck has nothing to say of the scripts of the packages", () => {
  const scripts = readdirSync(DEB, { withFileTypes: true })
    .filter((entry) => entry.isFile() && readFileSync(join(DEB, entry.name), "utf8").startsWith("#!"))
    .map(({ name }) => name);
  expect(scripts).toEqual(expect.arrayContaining(["build.sh", "postinst", "postrm", "prerm"]));
  expect(run("shellcheck", scripts, DEB)).toBe("");
});

describe.skipIf(!hasDpkg || !answers)("the Debian package", () => {
  const place = new Workplace();
  afterAll(() => place.remove());

  const debs: Partial<Record<keyof typeof ELF_MACHINES, string>> = {};

  beforeAll(() => {
    const checkout = place.checkout();
    const { tarball } = place.pack(checkout);
    const flags = ["--tarball", tarball, "--output", place.path, "--compression", "none"];
    run("packaging/deb/build.sh", flags, checkout, { SOURCE_DATE_EPOCH: "1700000000" });
    for (const architecture of ["amd64", "arm64"] as const) {
      const name = readdirSync(place.path).find((each) => each.endsWith(`_${architecture}.deb`))!;
      debs[architecture] = join(place.path, name);
    }
  });

  test.each(["amd64", "arm64"] as const)("for %s brings the Node and the LevelDB of that machine alone", (name) => {
    const folder = join(place.path, `unpacked-${name}`);
    run("dpkg-deb", ["--raw-extract", debs[name]!, folder], place.path);
    expect(readFileSync(join(folder, "DEBIAN/control"), "utf8")).toContain(`\nArchitecture: ${name}\n`);
    const lib = join(folder, "usr/lib/mqtt-sn-gateway");
    const addons = (readdirSync(lib, { recursive: true }) as string[]).filter((path) => path.endsWith(".node"));
    expect(addons).toHaveLength(1);
    for (const path of ["node/node", ...addons]) {
      const header = readFileSync(join(lib, path)).subarray(0, 20);
      expect(header.subarray(0, 4).toString("latin1")).toBe("\x7fELF");
      expect(header.readUInt16LE(18), path).toBe(ELF_MACHINES[name]);
    }
  });

  test("names every dependency with its licence, whose text is in it", () => {
    const folder = join(place.path, "unpacked-amd64");
    const copyright = readFileSync(join(folder, "usr/share/doc/mqtt-sn-gateway/copyright"), "utf8");
    const modules = "usr/lib/mqtt-sn-gateway/node_modules";
    for (const name of readdirSync(join(folder, modules)).filter((each) => !each.startsWith("@"))) {
      expect(copyright).toContain(`Files: ${modules}/${name}/*\n`);
    }
    const texts = [...copyright.matchAll(/^ The texts? (?:is|are) in (.*)\.$/gm)].flatMap(([, list]) =>
      list!.split(" and "),
    );
    expect(texts.length).toBeGreaterThan(50);
    expect(texts.filter((text) => !existsSync(join(folder, text)))).toEqual([]);
  });

  describe.skipIf(process.arch !== "x64" && process.arch !== "arm64")("in a scratch root", () => {
    const architecture = process.arch === "arm64" ? "arm64" : "amd64";
    const root = join(place.path, "root");
    const at = (path: string) => join(root, path);

    function dpkg(...args: string[]): void {
      mkdirSync(at("var/lib/dpkg"), { recursive: true });
      const force = "--force-script-chrootless,depends,unsafe-io,confold,bad-path";
      const environment = { DEBIAN_FRONTEND: "noninteractive", PATH: `${process.env.PATH}:/usr/sbin:/sbin` };
      run("dpkg", [`--root=${root}`, force, ...args], place.path, environment);
    }

    const passwd = () => (existsSync(at("etc/passwd")) ? readFileSync(at("etc/passwd"), "utf8") : "");
    const wants = "etc/systemd/system/multi-user.target.wants/mqtt-sn-gateway.service";
    const configuration = "etc/mqtt-sn-gateway/gateway.yaml";

    test("is installed: a user, a configuration that it can read and others cannot, a service that begins with the machine", () => {
      dpkg("--install", debs[architecture]!);
      const gid = Number(/^mqtt-sn:[^:]*:\d+:(\d+):/m.exec(passwd())![1]);
      expect(passwd()).toMatch(/^mqtt-sn:.*\/nologin$/m);
      const of = (path: string) => {
        const { mode, uid, gid } = statSync(at(path));
        return { mode: mode & 0o777, uid, gid };
      };
      expect(of("etc/mqtt-sn-gateway")).toEqual({ mode: 0o750, uid: 0, gid });
      expect(of(configuration)).toEqual({ mode: 0o640, uid: 0, gid });
      expect(existsSync(at("usr/lib/systemd/system/mqtt-sn-gateway.service"))).toBe(true);
      expect(readdirSync(join(at(wants), ".."))).toEqual(["mqtt-sn-gateway.service"]);
    });

    test("what is installed lets clients in", async () => {
      const lib = at("usr/lib/mqtt-sn-gateway");
      const program = [join(lib, "node/node"), join(lib, "bin/mqtt-sn-gateway")];
      expect(run(program[0]!, [program[1]!, "--version"], place.path)).toMatch(/^\d+\.\d+\.\d+/);
      const state = { MQTTSN_STATE_PATH: join(place.path, "state") };
      const places = ["--embedded-listen", "127.0.0.1:0", "--http-listen", "127.0.0.1:0"];
      const flags = [
        "--config",
        at(configuration),
        "--broker",
        "embedded:",
        "--listen",
        "udp://127.0.0.1:0",
        ...places,
      ];
      const gateway = new GatewayProcess(["run", ...flags], state, undefined, [], program);
      const sensor = new Sensor(await gateway.listenerPort());
      sensor.connect("boiler");
      expect(await sensor.message("CONNACK")).toMatchObject({ returnCode: 0 });
      await gateway.line("gateway.started");
      await stop(gateway);
    });

    test("an upgrade keeps a configuration that was changed, and puts the new one beside it", () => {
      writeFileSync(at(configuration), "gateway: { id: 7 }\n");
      const next = join(place.path, "next");
      run("dpkg-deb", ["--raw-extract", debs[architecture]!, next], place.path);
      const control = readFileSync(join(next, "DEBIAN/control"), "utf8");
      writeFileSync(join(next, "DEBIAN/control"), control.replace(/^Version: .*$/m, "Version: 99.0.0-1"));
      writeFileSync(join(next, configuration), "# another one\n");
      run("dpkg-deb", ["--root-owner-group", "-Znone", "--build", next, `${next}.deb`], place.path);
      dpkg("--install", `${next}.deb`);
      expect(readFileSync(at(configuration), "utf8")).toBe("gateway: { id: 7 }\n");
      expect(statSync(at(configuration)).mode & 0o777).toBe(0o640);
      expect(readFileSync(at(`${configuration}.dpkg-dist`), "utf8")).toBe("# another one\n");
    });

    test("removal leaves the configuration and what the gateway keeps", () => {
      mkdirSync(at("var/lib/mqtt-sn-gateway"), { recursive: true });
      writeFileSync(at("var/lib/mqtt-sn-gateway/CURRENT"), "");
      dpkg("--remove", "mqtt-sn-gateway");
      expect(existsSync(at("usr/lib/mqtt-sn-gateway"))).toBe(false);
      expect(existsSync(at(configuration))).toBe(true);
      expect(existsSync(at("var/lib/mqtt-sn-gateway/CURRENT"))).toBe(true);
    });

    test("purging leaves the user while files are there that its group may read", () => {
      writeFileSync(at("etc/mqtt-sn-gateway/broker.password"), "secret");
      dpkg("--purge", "mqtt-sn-gateway");
      expect(existsSync(at("var/lib/mqtt-sn-gateway"))).toBe(false);
      expect(existsSync(at(configuration))).toBe(false);
      expect(existsSync(at("etc/mqtt-sn-gateway/broker.password"))).toBe(true);
      expect(passwd()).toMatch(/^mqtt-sn:/m);
    });

    test("purging leaves nothing otherwise", () => {
      spawnSync("rm", ["-r", at("etc/mqtt-sn-gateway")]);
      dpkg("--install", debs[architecture]!);
      dpkg("--purge", "mqtt-sn-gateway");
      expect(passwd()).not.toMatch(/^mqtt-sn:/m);
      expect(readFileSync(at("etc/group"), "utf8")).not.toMatch(/^mqtt-sn:/m);
      const left = readdirSync(root, { recursive: true }) as string[];
      expect(left.filter((path) => path.includes("mqtt-sn"))).toEqual([]);
    });
  });
});
