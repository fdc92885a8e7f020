import { AS_ADAFRUIT_IO } from "../quirk-targets.ts";
import { testTarget } from "../test-target.ts";

testTarget(AS_ADAFRUIT_IO);
