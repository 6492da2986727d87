import { join } from "node:path";
import type { ExternalKind } from "./external-client.ts";

const program = (file: string) => join(import.meta.dirname, file);

/** Debian's own interpreters, which find Debian's packages: others may come first on PATH. */
const PYTHON = "/usr/bin/python3";
const RUBY = "/usr/bin/ruby";
const JDBC_DRIVER = "/usr/share/java/postgresql.jar";

export const SQLALCHEMY: ExternalKind = {
  name: "SQLAlchemy",
  packages: ["python3-sqlalchemy", "python3-psycopg2"],
  probe: [PYTHON, "-c", "import sqlalchemy, psycopg2"],
  command: (url, models) => [PYTHON, program("sqlalchemy_client.py"), url, models],
  readAndSave: "Session.merge",
  spent: { save: "StaleDataError", update: 0, remove: 0 },
};

export const DJANGO: ExternalKind = {
  name: "Django",
  packages: ["python3-django", "python3-psycopg2"],
  probe: [PYTHON, "-c", "import django, psycopg2"],
  command: (url, models) => [PYTHON, program("django_client.py"), url, models],
  readAndSave: "update_or_create",
  // Its UPDATE finds nothing, so that save() goes on to INSERT.
  spent: { save: "IntegrityError", update: 0, remove: 0 },
};

export const ACTIVE_RECORD: ExternalKind = {
  name: "ActiveRecord",
  packages: ["ruby-activerecord", "ruby-pg"],
  probe: [RUBY, "-e", 'require "active_record"; require "pg"'],
  command: (url, models) => [RUBY, program("active_record_client.rb"), url, models],
  readAndSave: "find_or_initialize_by and save",
  // It does not look at how many rows its UPDATE found.
  spent: { save: undefined, update: 0, remove: 0 },
};

export const JDBC: ExternalKind = {
  name: "JDBC",
  packages: ["default-jdk-headless", "libpostgresql-jdbc-java"],
  probe: ["sh", "-c", `javac -version && test -e ${JDBC_DRIVER}`],
  command: (url, models) => {
    const { host, pathname, username, password } = new URL(url);
    // Without `stringtype` the driver says that every text is a varchar, which PostgreSQL takes for no uuid.
    const target = `jdbc:postgresql://${host}${pathname}?stringtype=unspecified&reWriteBatchedInserts=true`;
    const login = [decodeURIComponent(username), decodeURIComponent(password)];
    return ["java", "-cp", JDBC_DRIVER, program("JdbcClient.java"), models, target, ...login];
  },
  readAndSave: "UPDATE, then INSERT",
  // An updatable result set says nothing.
  spent: { save: undefined, update: 0, remove: 0 },
};

export const KINDS: readonly ExternalKind[] = [SQLALCHEMY, DJANGO, ACTIVE_RECORD, JDBC];
