import { NATS } from "../nats.ts";
import { testTarget } from "../test-target.ts";

testTarget(NATS);
