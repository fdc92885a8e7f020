import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { onTestFinished } from "vitest";

let made = 0;

/** Where one of the hosts is. */
export interface Host {
  /** A command that runs the one that it is given there. */
  within: readonly string[];
  ipv4: string;
  ipv6: string;
}

/** Two hosts with a cable between them, as network namespaces of this machine: a gateway on the one, sensors on the other. */
export class TwoHosts {
  readonly gateway: Host;
  readonly sensors: Host;
  readonly #names: readonly [string, string];

  static readonly hasIPv6 = existsSync("/proc/net/if_inet6");

  /** What keeps this machine from making them; undefined where nothing does. */
  static whyNot(): string | undefined {
    if (spawnSync("python3", ["--version"]).error !== undefined) return "python3 is not installed";
    const name = `mqttsn-${process.pid}-try`;
    const tried = spawnSync("ip", ["netns", "add", name], { encoding: "utf8" });
    if (tried.error !== undefined) return "the ip command (iproute2) is not installed";
    if (tried.status !== 0) return `ip netns add: ${tried.stderr.trim()}`;
    const cable = ["-n", name, "link", "add", "radio0", "type", "veth", "peer", "name", "radio1"];
    const { status, stderr } = spawnSync("ip", cable, { encoding: "utf8" });
    spawnSync("ip", ["netns", "del", name]);
    return status === 0 ? undefined : `ip link add: ${stderr.trim()}`;
  }

  constructor() {
    made += 1;
    this.#names = [`mqttsn-${process.pid}-${made}-a`, `mqttsn-${process.pid}-${made}-b`];
    const [gateway, sensors] = this.#names;
    onTestFinished(() => {
      for (const name of this.#names) spawnSync("ip", ["netns", "del", name]);
    });
    for (const name of this.#names) {
      ip("netns", "add", name);
      ip("-n", name, "link", "set", "lo", "up");
      // An address is usable at once, and not after a second in which the host asks whether somebody else has it.
      ip("netns", "exec", name, "sh", "-c", "for f in /proc/sys/net/ipv6/conf/*/accept_dad; do echo 0 > $f; done");
    }
    this.gateway = { within: ["ip", "netns", "exec", gateway], ipv4: "10.83.0.1", ipv6: "fd83::1" };
    this.sensors = { within: ["ip", "netns", "exec", sensors], ipv4: "10.83.0.2", ipv6: "fd83::2" };
    this.plug();
  }

  /** Puts the cable in: each host has an interface `radio0` then. */
  plug(): void {
    const [gateway, sensors] = this.#names;
    const cable = ["link", "add", "radio0", "netns", gateway, "type", "veth"];
    ip(...cable, "peer", "name", "radio0", "netns", sensors);
    this.#configure(gateway, this.gateway);
    this.#configure(sensors, this.sensors);
  }

  /** Takes the cable away, and the interfaces with it. */
  unplug(): void {
    ip("-n", this.#names[0], "link", "del", "radio0");
  }

  /** Takes the gateway's interface down, or up again. */
  switchGateway(to: "up" | "down"): void {
    const [gateway] = this.#names;
    ip("-n", gateway, "link", "set", "radio0", to);
    // Linux takes the IPv6 addresses away from an interface that goes down.
    if (to === "up") this.#addIPv6(gateway, this.gateway);
  }

  /** Takes IPv6 away from the gateway's interface, as a short MTU does, or gives it back. */
  switchIPv6(to: "off" | "on"): void {
    const [gateway] = this.#names;
    ip("-n", gateway, "link", "set", "radio0", "mtu", to === "off" ? "1000" : "1500");
    if (to === "on") this.#addIPv6(gateway, this.gateway);
  }

  #configure(name: string, host: Host): void {
    ip("-n", name, "addr", "add", `${host.ipv4}/24`, "dev", "radio0");
    ip("-n", name, "link", "set", "radio0", "up");
    this.#addIPv6(name, host);
  }

  #addIPv6(name: string, { ipv6 }: Host): void {
    if (TwoHosts.hasIPv6) ip("-n", name, "addr", "replace", `${ipv6}/64`, "dev", "radio0", "nodad");
  }
}

function ip(...args: string[]): void {
  const { error, status, stderr } = spawnSync("ip", args, { encoding: "utf8" });
  if (error !== undefined || status !== 0) throw new Error(`ip ${args.join(" ")}: ${error?.message ?? stderr}`);
}
