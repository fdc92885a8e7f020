import { AS_HIVEMQ_CLOUD } from "../quirk-targets.ts";
import { testTarget } from "../test-target.ts";

testTarget(AS_HIVEMQ_CLOUD);
