import { AS_AZURE_IOT_HUB } from "../quirk-targets.ts";
import { testTarget } from "../test-target.ts";

testTarget(AS_AZURE_IOT_HUB);
