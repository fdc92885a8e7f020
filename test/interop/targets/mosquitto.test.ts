import { MOSQUITTO_3_1_1 } from "../mosquitto-targets.ts";
import { testTarget } from "../test-target.ts";

testTarget(MOSQUITTO_3_1_1);
