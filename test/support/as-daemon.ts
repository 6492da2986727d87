import type postgres from "postgres";
import type { Sql, Tx } from "../../src/db/index.ts";
import { markSync } from "../../src/db/locks.ts";

/** Writes to mirror tables as the daemon does, past guard and capture. */
export async function asDaemon<T>(sql: Sql, work: (tx: Tx) => Promise<T>): Promise<T> {
  return (await sql.begin(async (tx) => {
    await markSync(tx);
    return work(tx);
  })) as T;
}

type Row = postgres.Row;
type Values = postgres.ParameterOrFragment<postgres.SerializableParameter<number>>[];

/** Single statements, written in the same way: ``past(sql)`UPDATE attio.people …` ``. */
export function past(sql: Sql): {
  <Rows extends Row[] = Row[]>(
    text: TemplateStringsArray,
    ...values: Values
  ): Promise<postgres.RowList<Rows>>;
  unsafe(text: string, values?: postgres.ParameterOrJSON<number>[]): Promise<postgres.RowList<Row[]>>;
} {
  return Object.assign(
    <Rows extends Row[]>(text: TemplateStringsArray, ...values: Values) =>
      asDaemon<postgres.RowList<Rows>>(sql, (tx) => tx<Rows>(text, ...(values as never[]))),
    {
      unsafe: (text: string, values: postgres.ParameterOrJSON<number>[] = []) =>
        asDaemon<postgres.RowList<Row[]>>(sql, (tx) => tx.unsafe(text, values)),
    },
  );
}
