// Exits 0 when a PostgreSQL answers at the URL given and lets us create databases.
import postgres from "postgres";

const sql = postgres(process.argv[2], { max: 1, connect_timeout: 5 });
try {
  const [row] = await sql`SELECT rolcreatedb OR rolsuper AS may FROM pg_roles WHERE rolname = current_user`;
  process.exitCode = row?.may === true ? 0 : 1;
} catch {
  process.exitCode = 1;
} finally {
  await sql.end({ timeout: 1 });
}
