/** What every error of this project is: a sentence for people and a stable `code` for programs. */
export class MirrorError extends Error {
  /** Stable identifier, listed in docs/errors.md. */
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

/** A configuration variable is missing or unusable. The message names the variable, never a secret's value. */
export class ConfigError extends MirrorError {
  readonly variable: string;

  constructor(variable: string, problem: string, options?: ErrorOptions) {
    super("CONFIG_INVALID", `${variable} ${problem}`, options);
    this.variable = variable;
  }
}

/** The command line asks for something that does not exist. The message names the flag, argument or stream. */
export class UsageError extends MirrorError {
  constructor(message: string, options?: ErrorOptions) {
    super("USAGE_INVALID", message, options);
  }
}

/** The embedded PostgreSQL cannot be installed, started or stopped. */
export class EmbeddedPostgresError extends MirrorError {
  constructor(message: string, options?: ErrorOptions) {
    super("EMBEDDED_POSTGRES_FAILED", message, options);
  }
}

/** The database cannot be reached or refuses the login. The message names host and port, never the whole URL. */
export class DatabaseUnreachableError extends MirrorError {
  constructor(message: string, options?: ErrorOptions) {
    super("DATABASE_UNREACHABLE", message, options);
  }
}
