import { MOSQUITTO_WSS } from "../mosquitto-targets.ts";
import { testTarget } from "../test-target.ts";

testTarget(MOSQUITTO_WSS);
