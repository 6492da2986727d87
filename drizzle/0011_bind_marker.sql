-- The daemon's mark is bound to its transaction: a setting that leaks into another session means nothing there.
-- Triggers of objects' and lists' tables follow with the next schema sync; src/db/mirror/write-guard.ts makes the same.
CREATE FUNCTION attio.is_sync_write() RETURNS boolean LANGUAGE sql STABLE PARALLEL RESTRICTED AS $$
  SELECT coalesce(pg_catalog.current_setting('attio_mirror.sync_transaction', true), '')
    OPERATOR(pg_catalog.=) coalesce(pg_catalog.pg_current_xact_id_if_assigned()::pg_catalog.text, 'none')
$$;--> statement-breakpoint
COMMENT ON FUNCTION attio.is_sync_write() IS 'Whether this transaction is the mirror''s own: for triggers of yours';--> statement-breakpoint
DO $$
DECLARE
  guard record;
BEGIN
  FOR guard IN
    SELECT g.tgname, g.tgrelid::regclass AS "table", pg_get_triggerdef(g.oid) AS definition
    FROM pg_trigger g JOIN pg_class c ON c.oid = g.tgrelid
    WHERE g.tgname IN ('attio_mirror_guard_rows', 'attio_mirror_guard_columns') AND c.relnamespace = 'attio'::regnamespace
      AND c.relname IN ('workspace_members', 'notes', 'tasks', 'threads', 'comments', 'meetings', 'call_recordings', 'files')
  LOOP
    EXECUTE regexp_replace(regexp_replace(guard.definition, '^CREATE TRIGGER', 'CREATE OR REPLACE TRIGGER'),
      ' WHEN \(.*\) EXECUTE ', ' WHEN (coalesce(current_setting(''attio_mirror.sync_transaction'', true), '''')'
        || ' IS DISTINCT FROM pg_current_xact_id_if_assigned()::text) EXECUTE ');
    EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER %I', guard."table", guard.tgname);
  END LOOP;
END
$$;
