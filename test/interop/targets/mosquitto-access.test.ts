import { MOSQUITTO_ACCESS } from "../mosquitto-targets.ts";
import { testTarget } from "../test-target.ts";

testTarget(MOSQUITTO_ACCESS);
