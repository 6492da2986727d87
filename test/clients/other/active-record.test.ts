import { testExternalClient } from "./external-operations.ts";
import { ACTIVE_RECORD } from "./kinds.ts";

testExternalClient(ACTIVE_RECORD);
