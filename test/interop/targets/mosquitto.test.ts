import { MOSQUITTO } from "../mosquitto-targets.ts";
import { testTarget } from "../test-target.ts";

testTarget(MOSQUITTO);
