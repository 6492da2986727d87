-- A local write to the mirror is refused rather than lost: the daemon would undo it without a word.
-- The setting is given by the daemon's own connections and transactions; src/db/mirror/write-guard.ts makes the same triggers for typed tables.
CREATE FUNCTION attio_sync.refuse_write() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  stream text := coalesce(
    (SELECT api_slug FROM attio.objects WHERE table_name = TG_TABLE_NAME),
    (SELECT 'list:' || api_slug FROM attio.lists WHERE table_name = TG_TABLE_NAME),
    CASE WHEN TG_TABLE_NAME IN ('notes', 'tasks', 'comments') THEN TG_TABLE_NAME END);
BEGIN
  RAISE insufficient_privilege USING MESSAGE = format('%s.%s is read-only', TG_TABLE_SCHEMA, TG_TABLE_NAME)
    || coalesce(' (OUTBOUND does not name "' || stream || '")', '');
END
$$;--> statement-breakpoint
CREATE TRIGGER attio_mirror_guard_rows BEFORE INSERT OR DELETE OR TRUNCATE ON attio.workspace_members
  FOR EACH STATEMENT WHEN (current_setting('attio_mirror.writer', true) IS DISTINCT FROM 'daemon') EXECUTE FUNCTION attio_sync.refuse_write();--> statement-breakpoint
CREATE TRIGGER attio_mirror_guard_columns BEFORE UPDATE OF "workspace_member_id", "first_name", "last_name", "avatar_url", "email_address", "access_level", "created_at", "_hash", "_fetch_seq", "_synced_at", "_deleted_at" ON attio.workspace_members
  FOR EACH STATEMENT WHEN (current_setting('attio_mirror.writer', true) IS DISTINCT FROM 'daemon') EXECUTE FUNCTION attio_sync.refuse_write();--> statement-breakpoint
CREATE TRIGGER attio_mirror_guard_rows BEFORE INSERT OR DELETE OR TRUNCATE ON attio.notes
  FOR EACH STATEMENT WHEN (current_setting('attio_mirror.writer', true) IS DISTINCT FROM 'daemon') EXECUTE FUNCTION attio_sync.refuse_write();--> statement-breakpoint
CREATE TRIGGER attio_mirror_guard_columns BEFORE UPDATE OF "note_id", "parent_object", "parent_record_id", "title", "content_plaintext", "content_markdown", "tags", "meeting_id", "created_by_actor_type", "created_by_actor_id", "created_at", "_hash", "_fetch_seq", "_synced_at", "_deleted_at" ON attio.notes
  FOR EACH STATEMENT WHEN (current_setting('attio_mirror.writer', true) IS DISTINCT FROM 'daemon') EXECUTE FUNCTION attio_sync.refuse_write();--> statement-breakpoint
CREATE TRIGGER attio_mirror_guard_rows BEFORE INSERT OR DELETE OR TRUNCATE ON attio.tasks
  FOR EACH STATEMENT WHEN (current_setting('attio_mirror.writer', true) IS DISTINCT FROM 'daemon') EXECUTE FUNCTION attio_sync.refuse_write();--> statement-breakpoint
CREATE TRIGGER attio_mirror_guard_columns BEFORE UPDATE OF "task_id", "content_plaintext", "deadline_at", "is_completed", "completed_at", "linked_records", "assignees", "created_by_actor_type", "created_by_actor_id", "created_at", "_hash", "_fetch_seq", "_synced_at", "_deleted_at" ON attio.tasks
  FOR EACH STATEMENT WHEN (current_setting('attio_mirror.writer', true) IS DISTINCT FROM 'daemon') EXECUTE FUNCTION attio_sync.refuse_write();--> statement-breakpoint
CREATE TRIGGER attio_mirror_guard_rows BEFORE INSERT OR DELETE OR TRUNCATE ON attio.threads
  FOR EACH STATEMENT WHEN (current_setting('attio_mirror.writer', true) IS DISTINCT FROM 'daemon') EXECUTE FUNCTION attio_sync.refuse_write();--> statement-breakpoint
CREATE TRIGGER attio_mirror_guard_columns BEFORE UPDATE OF "thread_id", "record_id", "object_id", "entry_id", "list_id", "created_at", "_hash", "_fetch_seq", "_synced_at", "_deleted_at" ON attio.threads
  FOR EACH STATEMENT WHEN (current_setting('attio_mirror.writer', true) IS DISTINCT FROM 'daemon') EXECUTE FUNCTION attio_sync.refuse_write();--> statement-breakpoint
CREATE TRIGGER attio_mirror_guard_rows BEFORE INSERT OR DELETE OR TRUNCATE ON attio.comments
  FOR EACH STATEMENT WHEN (current_setting('attio_mirror.writer', true) IS DISTINCT FROM 'daemon') EXECUTE FUNCTION attio_sync.refuse_write();--> statement-breakpoint
CREATE TRIGGER attio_mirror_guard_columns BEFORE UPDATE OF "comment_id", "thread_id", "content_plaintext", "record_id", "object_id", "entry_id", "list_id", "resolved_at", "resolved_by_type", "resolved_by_id", "author_type", "author_id", "created_at", "_hash", "_fetch_seq", "_synced_at", "_deleted_at" ON attio.comments
  FOR EACH STATEMENT WHEN (current_setting('attio_mirror.writer', true) IS DISTINCT FROM 'daemon') EXECUTE FUNCTION attio_sync.refuse_write();--> statement-breakpoint
CREATE TRIGGER attio_mirror_guard_rows BEFORE INSERT OR DELETE OR TRUNCATE ON attio.meetings
  FOR EACH STATEMENT WHEN (current_setting('attio_mirror.writer', true) IS DISTINCT FROM 'daemon') EXECUTE FUNCTION attio_sync.refuse_write();--> statement-breakpoint
CREATE TRIGGER attio_mirror_guard_columns BEFORE UPDATE OF "meeting_id", "title", "description", "is_all_day", "start_datetime", "start_timezone", "start_date", "end_datetime", "end_timezone", "end_date", "participants", "linked_records", "created_by_actor_type", "created_by_actor_id", "created_at", "_hash", "_fetch_seq", "_synced_at", "_deleted_at" ON attio.meetings
  FOR EACH STATEMENT WHEN (current_setting('attio_mirror.writer', true) IS DISTINCT FROM 'daemon') EXECUTE FUNCTION attio_sync.refuse_write();--> statement-breakpoint
CREATE TRIGGER attio_mirror_guard_rows BEFORE INSERT OR DELETE OR TRUNCATE ON attio.call_recordings
  FOR EACH STATEMENT WHEN (current_setting('attio_mirror.writer', true) IS DISTINCT FROM 'daemon') EXECUTE FUNCTION attio_sync.refuse_write();--> statement-breakpoint
CREATE TRIGGER attio_mirror_guard_columns BEFORE UPDATE OF "call_recording_id", "meeting_id", "status", "web_url", "transcript", "raw_transcript", "created_by_actor_type", "created_by_actor_id", "created_at", "_hash", "_fetch_seq", "_synced_at", "_deleted_at" ON attio.call_recordings
  FOR EACH STATEMENT WHEN (current_setting('attio_mirror.writer', true) IS DISTINCT FROM 'daemon') EXECUTE FUNCTION attio_sync.refuse_write();--> statement-breakpoint
CREATE TRIGGER attio_mirror_guard_rows BEFORE INSERT OR DELETE OR TRUNCATE ON attio.files
  FOR EACH STATEMENT WHEN (current_setting('attio_mirror.writer', true) IS DISTINCT FROM 'daemon') EXECUTE FUNCTION attio_sync.refuse_write();--> statement-breakpoint
CREATE TRIGGER attio_mirror_guard_columns BEFORE UPDATE OF "file_id", "object_id", "object_slug", "record_id", "file_type", "name", "content_type", "content_size", "parent_folder_id", "storage_provider", "external_provider_file_id", "microsoft_drive_id", "created_by_actor_type", "created_by_actor_id", "created_at", "_hash", "_fetch_seq", "_synced_at", "_deleted_at" ON attio.files
  FOR EACH STATEMENT WHEN (current_setting('attio_mirror.writer', true) IS DISTINCT FROM 'daemon') EXECUTE FUNCTION attio_sync.refuse_write();
