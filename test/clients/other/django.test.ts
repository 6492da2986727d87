import { testExternalClient } from "./external-operations.ts";
import { DJANGO } from "./kinds.ts";

testExternalClient(DJANGO);
