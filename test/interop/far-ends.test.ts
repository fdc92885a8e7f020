import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { type FarEndPrograms, FarEndSubscriber, MOSQUITTO_CLIENTS, PAHO_CLIENTS, runProgram } from "./far-end.ts";
import { Mosquitto } from "./mosquitto.ts";
import { Site } from "./site.ts";

const NOTHING_MISSING = { text: "", requiredBy: "" };

/** As the publishers write it. */
const number = (value: number) => `{"number": ${value}}`;

for (const programs of [MOSQUITTO_CLIENTS, PAHO_CLIENTS]) {
  const missing = Mosquitto.isInstalled
    ? programs.missing
    : {
        text: "Mosquitto is not installed (on Debian: apt-get install mosquitto mosquitto-clients)",
        requiredBy: "REQUIRE_MOSQUITTO",
      };
  describe.skipIf(missing !== undefined)(`a device and ${programs.name}`, () => farEndTests(programs));

  // Whoever runs the tests sees what was not tested; where it must be tested, that is a failure.
  test.skipIf(missing === undefined)(`without ${programs.name} these tests are skipped, unless they must run`, () => {
    const { text, requiredBy } = missing ?? NOTHING_MISSING;
    console.warn(`${text}: tests with ${programs.name} skipped`);
    expect(process.env[requiredBy] === "1", `${text}, and ${requiredBy}=1 says that they must run`).toBe(false);
  });
}

function farEndTests(programs: FarEndPrograms): void {
  const ends: (() => void)[] = [];
  const atEnd = (end: () => void) => ends.push(end);
  let mosquitto: Mosquitto;
  let site: Site;

  beforeAll(async () => {
    mosquitto = await Mosquitto.start(atEnd);
    site = await Site.start(mosquitto.url, [], atEnd);
  });
  afterAll(() => {
    for (const end of ends.reverse()) end();
  });

  async function publishNumbers(count: number): Promise<void> {
    for (const command of programs.numbers(mosquitto.port, count)) await runProgram(command);
  }

  const publishTemperature = (value: string) => runProgram(programs.temperature(mosquitto.port, value));

  const subscriber = (topic: string, clientId: string) =>
    FarEndSubscriber.start(programs, mosquitto, topic, onTestFinished, clientId);

  test("G1 a device gets the numbers that are published as JSON", async () => {
    const device = await site.device("reader");
    await device.subscribe("public/number", 1);
    await publishNumbers(3);
    const common = { topic: "public/number", qos: 1, retain: false };
    await device.receives(...[1, 2, 3].map((value) => ({ ...common, data: number(value) })));
    expect(device.received.map(({ data }) => JSON.parse(data).number)).toEqual([1, 2, 3]);
  });

  test("Z5 a sleeping device gets them when it wakes up", async () => {
    const device = await site.device("sleeping-reader");
    await device.subscribe("public/+", 1);
    await device.sleep(60);
    await publishNumbers(2);
    const common = { topic: "public/number", qos: 1, retain: false };
    await device.wakesUntilReceived({ ...common, data: number(1) }, { ...common, data: number(2) });
    expect(device.heardAsleep).toEqual([]);
  });

  for (const qos of [0, 1, 2] as const) {
    test(`P1 the subscriber prints what a device publishes as JSON at QoS ${qos}`, async () => {
      const topic = `public/number/${qos}`;
      const printing = await subscriber(topic, `subscriber-${qos}`);
      const device = await site.device(`writer-${qos}`);
      for (const value of [1, 2, 3]) await device.publish(topic, number(value), qos);
      await printing.prints(...[1, 2, 3].map((value) => `${topic} ${qos} 0 ${number(value)}`));
    });
  }

  test("Z12 the subscriber prints what a device publishes that sleeps in between", async () => {
    const printing = await subscriber("home/battery", "battery-subscriber");
    const device = await site.device("battery");
    for (const value of ["3.1", "3.0"]) {
      await device.publish("home/battery", value, 1);
      await device.sleep(60);
      await device.connect();
    }
    await printing.prints("home/battery 1 0 3.1", "home/battery 1 0 3.0");
  });

  test("G8 a device that subscribes later gets the last temperature that was published, and then the next one", async () => {
    await publishTemperature("20.5");
    await publishTemperature("21.5");
    const device = await site.device("thermostat");
    await device.subscribe("home/temperature", 1);
    const last = { topic: "home/temperature", data: "21.5", qos: 1, retain: true };
    await device.receives(last);
    await publishTemperature("22.5");
    await device.receives(last, { ...last, data: "22.5", retain: false });
  });

  test("P8 a subscriber that comes later prints the last temperature of a device", async () => {
    const device = await site.device("thermometer");
    await device.publish("porch/temperature", "4.5", 1, true);
    await device.publish("porch/temperature", "5.5", 1, true);
    const printing = await subscriber("porch/temperature", "late-subscriber");
    await printing.prints("porch/temperature 1 1 5.5");
  });

  test("K3 the subscriber prints the will of a device that falls silent", async () => {
    const printing = await subscriber("status/silent-device", "watching-subscriber");
    const will = { willTopic: "status/silent-device", willMsg: Buffer.from("offline"), qos: 1 as const, retain: false };
    const device = await site.device("silent-device", { duration: 1, will });
    device.vanish();
    await printing.prints("status/silent-device 1 0 offline");
  });

  test("a device, awake or asleep, gets the will of a subscriber that is killed", async () => {
    const awake = await site.device("awake-watcher");
    const asleep = await site.device("sleeping-watcher");
    for (const device of [awake, asleep]) await device.subscribe("status/doomed-subscriber", 1);
    await asleep.sleep(60);
    const doomed = await subscriber("nothing/here", "doomed-subscriber");
    doomed.kill();
    const will = { topic: "status/doomed-subscriber", data: "offline", qos: 1, retain: false };
    await awake.receives(will);
    await asleep.wakesUntilReceived(will);
    expect(asleep.heardAsleep).toEqual([]);
  });
}
