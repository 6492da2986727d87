export {
  createSql,
  openDatabase,
  type Database,
  type DatabaseOptions,
  type Orm,
  type Sql,
  type Tx,
} from "./client.ts";
export {
  DatabaseNewerError,
  DatabaseOlderError,
  hasMirror,
  isMigrated,
  migrate,
  MigrationError,
} from "./migrate.ts";
