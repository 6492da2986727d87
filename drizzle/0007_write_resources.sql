ALTER TABLE "attio"."comments" ALTER COLUMN "comment_id" SET DEFAULT gen_random_uuid();--> statement-breakpoint
ALTER TABLE "attio"."notes" ALTER COLUMN "note_id" SET DEFAULT gen_random_uuid();--> statement-breakpoint
ALTER TABLE "attio"."tasks" ALTER COLUMN "task_id" SET DEFAULT gen_random_uuid();