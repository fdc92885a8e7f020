import { AS_AWS_IOT } from "../quirk-targets.ts";
import { testTarget } from "../test-target.ts";

testTarget(AS_AWS_IOT);
