export {
  createSql,
  openDatabase,
  type Database,
  type DatabaseOptions,
  type Orm,
  type Sql,
  type Tx,
} from "./client.ts";
export { DatabaseNewerError, isMigrated, migrate, MigrationError } from "./migrate.ts";
