import { testExternalClient } from "./external-operations.ts";
import { SQLALCHEMY } from "./kinds.ts";

testExternalClient(SQLALCHEMY);
