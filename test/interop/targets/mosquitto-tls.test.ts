import { MOSQUITTO_TLS } from "../mosquitto-targets.ts";
import { testTarget } from "../test-target.ts";

testTarget(MOSQUITTO_TLS);
