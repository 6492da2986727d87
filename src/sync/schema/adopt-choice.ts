import type { Sql } from "../../db/client.ts";
import { holdStreamAlone } from "../../db/locks.ts";
import { ormOf, saveOptions, saveStatuses } from "../../db/queries/catalog.ts";
import { bumpPlanVersion } from "../../db/queries/streams.ts";
import { transact } from "../../db/tx.ts";
import type { UnknownChoiceError } from "../mapping/read-value.ts";
import type { RecordPlan } from "../mapping/record-plan.ts";

/** Takes over an option or status that records name although Attio does not list it; without title, its id is shown. */
export async function adoptChoice(
  sql: Sql,
  plan: RecordPlan,
  { attribute, choice }: UnknownChoiceError,
): Promise<void> {
  const row = {
    attributeId: attribute.id,
    objectId: plan.sourceId,
    title: (choice.title ?? choice.id).replaceAll("\0", ""),
    isArchived: choice.isArchived,
  };
  await transact(sql, async (tx) => {
    await holdStreamAlone(tx, plan.stream);
    const orm = ormOf(tx);
    if (attribute.kind === "status") {
      const unknown = { celebrationEnabled: null, targetTimeInStatus: null };
      await saveStatuses(orm, [{ ...row, statusId: choice.id, ...unknown }]);
    } else {
      await saveOptions(orm, [{ ...row, optionId: choice.id }]);
    }
    await bumpPlanVersion(tx, plan.stream);
  });
}
