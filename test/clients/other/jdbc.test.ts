import { testExternalClient } from "./external-operations.ts";
import { JDBC } from "./kinds.ts";

testExternalClient(JDBC);
