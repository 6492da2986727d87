import type { Database } from "../../db/index.ts";
import { drawTable } from "../table.ts";

/** A question that an operator asks of a CRM, and the SQL that answers it from the mirror. */
export interface Question {
  title: string;
  sql: string;
}

/** What the demo asks. Every query runs on the standard objects of any workspace. */
export const QUESTIONS: readonly Question[] = [
  {
    title: "What is in the pipeline, stage by stage?",
    sql: `
SELECT stage, count(*) AS deals, round(sum(value)) AS total, round(avg(value)) AS average
FROM attio.deals
GROUP BY stage
ORDER BY total DESC NULLS LAST`,
  },
  {
    title: "Which companies are worth most?",
    sql: `
SELECT c.name AS company, count(*) AS deals, round(sum(d.value)) AS total
FROM attio.deals d JOIN attio.companies c ON c.record_id = d.associated_company
GROUP BY c.record_id, c.name
ORDER BY total DESC NULLS LAST
LIMIT 8`,
  },
  {
    title: "How many people do we know at a company?",
    sql: `
SELECT known AS "people known", count(*) AS companies
FROM (
  SELECT count(p.record_id) AS known
  FROM attio.companies c LEFT JOIN attio.people p ON p.company = c.record_id
  GROUP BY c.record_id
) AS per_company
GROUP BY known
ORDER BY known DESC
LIMIT 8`,
  },
  {
    title: "In which weeks did we write notes, and about what?",
    sql: `
SELECT to_char(date_trunc('week', created_at), 'YYYY-MM-DD') AS "week of", parent_object AS about, count(*) AS notes
FROM attio.notes
GROUP BY 1, 2
ORDER BY 1 DESC, 3 DESC
LIMIT 8`,
  },
  {
    title: "Who has work left to do?",
    sql: `
SELECT concat_ws(' ', m.first_name, m.last_name) AS member, count(*) AS "open tasks",
       count(*) FILTER (WHERE t.deadline_at < now()) AS overdue
FROM attio.tasks t CROSS JOIN unnest(t.assignees) AS a(id)
JOIN attio.workspace_members m ON m.workspace_member_id = a.id
WHERE NOT t.is_completed
GROUP BY 1
ORDER BY 2 DESC
LIMIT 8`,
  },
  {
    title: "What is connected to what?",
    sql: `
SELECT from_object AS "from", attribute, to_object AS "to", count(*) AS links
FROM attio.links
GROUP BY 1, 2, 3
ORDER BY links DESC
LIMIT 8`,
  },
];

/** Asks a question and gives title, query and answer as text. */
export async function ask(db: Database, { title, sql }: Question): Promise<string> {
  const rows = await db.sql.unsafe<Record<string, unknown>[]>(sql);
  const columns = rows.columns.map(({ name }) => name);
  const cells = rows.map((row) => columns.map((column) => toNumber(row[column])));
  return `\n   ${title}\n\n${indent(sql.trim(), 6)}\n\n${indent(drawTable(columns, cells), 6)}\n`;
}

/** `numeric` arrives as text, to lose no digit; on a screen it is a number. */
function toNumber(cell: unknown): unknown {
  return typeof cell === "string" && /^-?\d{1,15}(\.\d+)?$/.test(cell) ? Number(cell) : cell;
}

function indent(text: string, spaces: number): string {
  return text.replace(/^(?=.)/gm, " ".repeat(spaces));
}
