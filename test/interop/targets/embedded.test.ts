import { EMBEDDED } from "../embedded-target.ts";
import { testTarget } from "../test-target.ts";

testTarget(EMBEDDED);
