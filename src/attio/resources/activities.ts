import { dataBody, pageBody, type Page } from "../body.ts";
import { collect, walkCursors } from "../pagination.ts";
import { create, get, patch, type Api, type RequestOptions } from "../requests.ts";
import { activitySchema, type Activity } from "../schemas/activity.ts";
import type { CursorWindow } from "../window.ts";

/** What can be said of a kind of activity. */
export type ActivityFields = {
  readonly api_slug: string;
  readonly singular_noun: string;
  readonly plural_noun: string;
};

/** A kind of activity to make. */
export type NewActivity = ActivityFields & { readonly extends: "activities" | "interactions" | "calls" };

const ACTIVITIES = "/v2/activities";
const ACTIVITY = `${ACTIVITIES}/{activity}`;

export type ActivitiesResource = ReturnType<typeof createActivities>;

/** Kinds of activities; alpha. */
export function createActivities(api: Api) {
  /** One page. */
  function page({ limit, cursor }: CursorWindow = {}, options?: RequestOptions): Promise<Page<Activity>> {
    return api.send(get(ACTIVITIES, { query: { limit, cursor }, read: pageBody(activitySchema) }), options);
  }

  /** All of them. */
  function list(options?: RequestOptions): Promise<Activity[]> {
    return collect(walkCursors(ACTIVITIES, (cursor) => page({ cursor }, options)));
  }

  /** One, by slug or id. */
  function getActivity(activity: string, options?: RequestOptions): Promise<Activity> {
    return api.send(get(ACTIVITY, { params: { activity }, read: dataBody(activitySchema) }), options);
  }

  /** Makes one. */
  function createActivity(fields: NewActivity, options?: RequestOptions): Promise<Activity> {
    return api.send(create(ACTIVITIES, { data: fields, read: dataBody(activitySchema) }), options);
  }

  /** Changes what is named. */
  function update(
    activity: string,
    fields: Partial<ActivityFields>,
    options?: RequestOptions,
  ): Promise<Activity> {
    const read = dataBody(activitySchema);
    return api.send(patch(ACTIVITY, { params: { activity }, data: fields, read }), options);
  }

  return { page, list, get: getActivity, create: createActivity, update };
}
