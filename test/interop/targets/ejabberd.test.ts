import { EJABBERD } from "../ejabberd.ts";
import { testTarget } from "../test-target.ts";

testTarget(EJABBERD);
