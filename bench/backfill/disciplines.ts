/** One line of the table: a contestant's run under one condition. */
export interface Discipline {
  name: string;
  title: string;
  /** A key of the contestants' process. */
  contestant: string;
  /** Runs on the database as the discipline before it left it. */
  continues: boolean;
  /** Too slow for a large workspace. */
  isSlow: boolean;
}

/** In the order in which each round runs them. */
export const DISCIPLINES: readonly Discipline[] = [
  line("parse", "floor: fetch + JSON.parse", "fetchAndParse"),
  line("copy", "floor: fetch + JSON.parse + COPY", "fetchAndCopy"),
  line("first", "mirror: first load", "mirror"),
  { ...line("again", "mirror: again, all unchanged", "mirror"), continues: true },
  line("page", "loop: fetch, ORM upsert a page", "loopByPage"),
  { ...line("record", "loop: fetch, ORM upsert a record", "loopByRecord"), isSlow: true },
];

function line(name: string, title: string, contestant: string): Discipline {
  return { name, title, contestant, continues: false, isSlow: false };
}
