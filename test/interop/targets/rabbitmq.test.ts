import { RABBITMQ } from "../rabbitmq.ts";
import { testTarget } from "../test-target.ts";

testTarget(RABBITMQ);
